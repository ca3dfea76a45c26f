// A room of socket.io on node, to compare with: node node.mjs PORT RATE
import { createServer } from "node:http";
import { Server } from "socket.io";

const [port, rate] = process.argv.slice(2).map(Number);
const http = createServer((_request, response) => response.end("ok"));
const room = new Server(http, { path: "/socket.io", transports: ["websocket"], perMessageDeflate: false }).of("/live");
room.on("connection", (socket) => socket.join("all"));

let number = 0;
let due = performance.now();
const send = () => {
  const view = { scene: "0".repeat(32), yaw: number / 100, pitch: 0.0, fov: 70.0, t: Date.now(), by: "Host" };
  room.to("all").emit("frame", { view });
  number += 1;
  due += 1000 / rate;
  setTimeout(send, Math.max(0, due - performance.now()));
};
http.listen({ port, host: "127.0.0.1", backlog: 4096 }, send);
