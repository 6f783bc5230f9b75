// Lab tests boot hosts, install packages and restart daemons on a shared, noisy machine: this bounds a hang, it measures nothing.
jest.setTimeout(300_000);
