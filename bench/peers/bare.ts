// A program that declares nothing: what the SDK and the engine take on their own.
export {};
