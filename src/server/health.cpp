#include "server/health.h"

#include "base/strings.h"

namespace slipway::server {
namespace {

void answer(http::ResponseWriter writer, int status, const char* type, std::string text) {
  writer.respond(status, {{"Content-Type", type}}, http::bytes_of(std::move(text)));
}

// "host:port", "[::1]:port"
base::Result<http::Listener> listener_of(const std::string& listen) {
  const std::size_t colon = listen.rfind(':');
  const auto port = colon == std::string::npos ? std::nullopt : base::parse_uint(listen.substr(colon + 1));
  if (!port || *port > 65535) return base::fail(base::Code::Invalid, "\"" + listen + "\" is not ADDRESS:PORT");
  std::string host = listen.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  return http::Listener{.address = host, .port = static_cast<std::uint16_t>(*port)};
}

}  // namespace

base::Result<std::unique_ptr<HealthServer>> HealthServer::start(const std::string& listen, runtime::real::Loop& loop,
                                                                runtime::Metrics& metrics,
                                                                std::function<bool()> ready) {
  auto listener = listener_of(listen);
  if (!listener) return base::fail(listener.error());
  auto handler = [&loop, &metrics, ready = std::move(ready)](http::Request request, http::ResponseWriter writer) {
    const std::string path = request.target.substr(0, request.target.find('?'));
    if (path == "/metrics") return answer(std::move(writer), 200, runtime::kMetricsContentType.data(), metrics.text());
    if (path != "/healthz" && path != "/readyz") return answer(std::move(writer), 404, "text/plain", "not here\n");
    loop.post([writer = std::move(writer), asks_ready = path == "/readyz", ready]() mutable {
      const bool well = !asks_ready || ready();
      answer(std::move(writer), well ? 200 : 503, "text/plain", well ? "ok\n" : "not ready\n");
    });
  };
  auto out = std::make_unique<HealthServer>();
  out->host_ = listener->address;
  auto server = http::Server::start({.listeners = {*listener}, .io_threads = 1}, std::move(handler));
  if (!server) return base::fail(server.error());
  out->server_ = std::move(*server);
  return out;
}

std::string HealthServer::address() const {
  return (host_.contains(':') ? "[" + host_ + "]" : host_) + ":" + std::to_string(server_->ports()[0]);
}

}  // namespace slipway::server
