export * from 'dropout-wasm/infrence';
