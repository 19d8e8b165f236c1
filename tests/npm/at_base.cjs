// Loaded before a client by `node --require`: what it sends over https goes to BASE instead, over http.
// The official client speaks https only, and dnslink-dnsimple has no setting for the address.
const http = require("http");
const https = require("https");

const { hostname, port } = new URL(process.env.BASE);

https.request = (to, ...rest) => {
  if (typeof to !== "string") return http.request({ ...to, host: hostname, port }, ...rest);
  const url = new URL(to);
  return http.request(Object.assign(url, { protocol: "http:", hostname, port }), ...rest);
};
