# 1, 2 and 4 isolates of one process: `workerd serve workerd.capnp two`
using Workerd = import "/workerd/workerd.capnp";

const one :Workerd.Config = (
  services = [(name = "main", worker = .alone)],
  sockets = .sockets,
);

const two :Workerd.Config = (
  services = [
    (name = "main", worker = (
      compatibilityDate = .date,
      compatibilityFlags = .flags,
      modules = .modules,
      bindings = [(name = "ISOLATE_1", service = (name = "isolate-1", entrypoint = "range"))],
    )),
    (name = "isolate-1", worker = .alone),
  ],
  sockets = .sockets,
);

const four :Workerd.Config = (
  services = [
    (name = "main", worker = (
      compatibilityDate = .date,
      compatibilityFlags = .flags,
      modules = .modules,
      bindings = [
        (name = "ISOLATE_1", service = (name = "isolate-1", entrypoint = "range")),
        (name = "ISOLATE_2", service = (name = "isolate-2", entrypoint = "range")),
        (name = "ISOLATE_3", service = (name = "isolate-3", entrypoint = "range")),
      ],
    )),
    (name = "isolate-1", worker = .alone),
    (name = "isolate-2", worker = .alone),
    (name = "isolate-3", worker = .alone),
  ],
  sockets = .sockets,
);

const alone :Workerd.Worker = (compatibilityDate = .date, compatibilityFlags = .flags, modules = .modules);

const date :Text = "2026-10-01";

# So that a computation ends when the client abandons its request.
const flags :List(Text) = ["enable_request_signal"];

const modules :List(Workerd.Worker.Module) = [
  (name = "worker.js", esModule = embed "build/workerd/worker.js"),
  (name = "kernel.wasm", wasm = embed "build/workerd/kernel.wasm"),
  (name = "extras.wasm", wasm = embed "build/workerd/extras.wasm"),
  (name = "fused.wasm", wasm = embed "build/workerd/fused.wasm"),
  (name = "gaussian.wasm", wasm = embed "build/workerd/gaussian.wasm"),
];

# The only public service. --socket-addr=http=… chooses another address.
const sockets :List(Workerd.Socket) = [
  (name = "http", address = "127.0.0.1:8787", http = (), service = "main"),
];
