#include "node/lifecycle/handlers.h"

#include "base/strings.h"

namespace slipway::node::lifecycle {

using base::Code;
using base::Result;
using data::Value;

namespace {

Result<int> port_of(const Value& port, const Value& container) {
  if (port.is_int()) return static_cast<int>(port.as_int());
  for (const Value& p : container["ports"].items())
    if (p["name"].as_string() == port.as_string()) return static_cast<int>(p["containerPort"].as_int());
  if (const auto number = base::parse_int(port.as_string())) return static_cast<int>(*number);
  return base::fail(Code::Invalid, "the container has no port named \"" + port.str() + "\"");
}

}  // namespace

Result<Handler> handler_of(const Value& handler, const Value& container, const std::string& pod_ip) {
  if (const Value& exec = handler["exec"]; !exec.is_null()) {
    ExecCheck check;
    for (const Value& s : exec["command"].items()) check.argv.push_back(s.str());
    return check;
  }
  if (const Value& sleep = handler["sleep"]; !sleep.is_null())
    return SleepHook{base::seconds(sleep["seconds"].as_int())};
  const Value &http = handler["httpGet"], &tcp = handler["tcpSocket"];
  if (http.is_null() && tcp.is_null())
    return base::fail(Code::Invalid, handler.has("grpc")
                                         ? "grpc probes are not available on this node: use httpGet, tcpSocket or exec"
                                         : "the handler names no action");
  const Value& action = http.is_null() ? tcp : http;
  const auto port = port_of(action["port"], container);
  if (!port) return base::fail(port.error());
  const std::string host = action["host"].str();
  if (http.is_null()) return TcpCheck{host.empty() ? pod_ip : host, *port};
  HttpCheck check{.ip = host.empty() ? pod_ip : host,
                  .scheme = http["scheme"].str("HTTP"),
                  .path = http["path"].str("/"),
                  .port = *port};
  for (const Value& h : http["httpHeaders"].items()) check.headers.emplace_back(h["name"].str(), h["value"].str());
  return check;
}

}  // namespace slipway::node::lifecycle
