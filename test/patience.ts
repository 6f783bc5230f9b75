// A busy machine takes longer than Jest's five seconds for what is quick elsewhere: this bounds a hang, it measures nothing.
jest.setTimeout(60_000);
