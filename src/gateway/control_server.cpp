#include "gateway/control_server.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/strings.h"
#include "data/json.h"
#include "http/listen.h"
#include "http/tls.h"

namespace slipway::gateway {
namespace {

using base::Code;
using data::Value;

void answer(http::ResponseWriter writer, const base::Result<Value>& result) {
  Value body = result ? *result
                      : Value::object({{"kind", "Status"},
                                       {"apiVersion", "v1"},
                                       {"status", "Failure"},
                                       {"reason", base::reason_of(result.error().code)},
                                       {"message", result.error().message},
                                       {"code", base::http_status_of(result.error().code)}});
  writer.respond(result ? 200 : base::http_status_of(result.error().code), {{"Content-Type", "application/json"}},
                 http::bytes_of(data::to_json(body)));
}

base::Result<http::Listener> listener_of(const std::string& listen) {
  const std::size_t colon = listen.rfind(':');
  const auto port = colon == std::string::npos ? std::nullopt : base::parse_uint(listen.substr(colon + 1));
  if (!port || *port > 65535) return base::fail(Code::Invalid, "\"" + listen + "\" is not ADDRESS:PORT");
  return http::Listener{.address = listen.substr(0, colon), .port = static_cast<std::uint16_t>(*port)};
}

}  // namespace

base::Result<std::unique_ptr<ControlServer>> ControlServer::open(runtime::Loop& loop, const std::string& listen,
                                                                 OwnCertificate certificate,
                                                                 std::map<std::string, control::Port*> ports) {
  const auto where = listener_of(listen);
  if (!where) return base::fail(where.error());
  const auto listening = http::listen_on(*where);
  if (!listening) return base::fail(listening.error());
  std::unique_ptr<ControlServer> out(new ControlServer(loop, std::move(certificate), std::move(ports)));
  out->listener_ = listening->fd;
  out->port_ = listening->port;
  if (auto begun = out->trust(""); !begun) return base::fail(begun.error());
  return out;
}

ControlServer::~ControlServer() {
  server_.reset();  // its thread reads `alive_`
  alive_.reset();
  if (listener_ >= 0) close(listener_);
}

base::Result<void> ControlServer::trust(const std::string& certificate) {
  if (certificate == trusted_) return {};
  auto tls = http::TlsContext::make(http::TlsContext::Server{.certificate = certificate_.credential.certificate,
                                                             .key = certificate_.credential.key,
                                                             .client_ca = certificate});
  if (!tls) return base::fail(tls.error());
  const int fd = fcntl(listener_, F_DUPFD_CLOEXEC, 0);
  if (fd < 0) return base::fail(Code::Unavailable, "no descriptor for the control port");
  server_.reset();
  auto started = http::Server::start(
      {.listeners = {{.tls = std::move(*tls), .fd = fd}}, .io_threads = 1},
      [this](http::Request request, http::ResponseWriter writer) { handle(std::move(request), std::move(writer)); });
  if (!started) return base::fail(started.error());
  server_ = std::move(*started);
  trusted_ = certificate;
  return {};
}

// On the server's thread, which ends before this object does.
void ControlServer::handle(http::Request request, http::ResponseWriter writer) {
  if (!request.peer.certificate)
    return answer(std::move(writer), base::fail(Code::Unauthorized, "only the leading controller is answered"));
  const bool known = request.method == "POST" && request.target.starts_with(kAskPath);
  const auto port = known ? ports_.find(request.target.substr(kAskPath.size())) : ports_.end();
  if (port == ports_.end()) return answer(std::move(writer), base::fail(Code::NotFound, "there is no such port"));
  auto body = data::parse_json(request.body);
  if (!body) return answer(std::move(writer), base::fail(body.error()));
  loop_.post([port = port->second, body = std::move(*body), writer = std::move(writer),
              alive = std::weak_ptr(alive_)]() mutable {
    if (alive.expired()) return;
    port->perform(body["id"].str(), body["what"], [writer = std::move(writer)](base::Result<Value> result) mutable {
      answer(std::move(writer), result);
    });
  });
}

}  // namespace slipway::gateway
