#include "gateway/metric_clients.h"

#include <algorithm>
#include <cstdint>
#include <map>

namespace slipway::gateway {

using base::Result;

namespace {
constexpr std::size_t kMaxClients = 16;
constexpr std::size_t kMaxConnections = 4;  // to one server
}  // namespace

class MetricClients::Impl : public std::enable_shared_from_this<Impl> {
 public:
  Impl(runtime::real::Loop& loop, http::Egress egress, std::size_t most_bytes)
      : loop_(loop), egress_(egress), most_bytes_(most_bytes) {}

  void ask(const http::Url& server, const MetricAccess& access, http::Outgoing request, Done done) {
    auto client = client_for(server, access);
    if (client) return ask(std::move(*client), std::move(request), std::move(done));
    loop_.post([done = std::move(done), why = client.error()]() mutable { done(base::fail(std::move(why))); });
  }

  void ask(std::shared_ptr<http::Client> client, http::Outgoing request, Done done) {
    const std::uint64_t id = ++uses_;
    Waiting& waiting = waiting_[id];
    waiting = {.client = std::move(client), .done = std::move(done)};
    waiting.call = waiting.client->send(std::move(request), [this, id](Result<http::Response> response) {
      Done done = std::move(waiting_.at(id).done);
      // The call ends after its own callback.
      loop_.post([self = weak_from_this(), id] {
        if (const auto impl = self.lock()) impl->waiting_.erase(id);
      });
      done(std::move(response));
    });
  }

 private:
  struct Known {
    std::shared_ptr<http::Client> client;
    std::uint64_t used = 0;
  };
  struct Waiting {
    std::shared_ptr<http::Client> client;
    std::unique_ptr<http::Call> call;
    Done done;
  };

  // A call under way keeps its client.
  Result<std::shared_ptr<http::Client>> client_for(const http::Url& url, const MetricAccess& access) {
    if (auto allowed = http::check_host(url.endpoint.host, egress_); !allowed) return base::fail(allowed.error());
    const std::string key =
        (url.tls ? "https://" : "http://") + url.endpoint.authority() + "\n" + access.authorization + "\n" + access.ca;
    Known& known = known_[key];
    known.used = ++uses_;
    if (known.client) return known.client;
    http::ClientOptions options{
        .connections = kMaxConnections,
        .body_bytes = most_bytes_,
        .may_connect = [egress = egress_](const std::string& address) { return http::check_address(address, egress); }};
    if (!access.authorization.empty()) options.headers = {{"Authorization", access.authorization}};
    if (url.tls) {
      auto tls = http::TlsContext::make(http::TlsContext::Client{.ca = access.ca});
      if (!tls) return known_.erase(key), base::fail(tls.error());
      options.tls = *tls;
    }
    auto client = known.client = std::make_shared<http::Client>(loop_, url.endpoint, options);
    if (known_.size() > kMaxClients)
      known_.erase(std::ranges::min_element(known_, {}, [](const auto& each) { return each.second.used; }));
    return client;
  }

  runtime::real::Loop& loop_;
  const http::Egress egress_;
  const std::size_t most_bytes_;
  std::map<std::string, Known> known_;
  std::map<std::uint64_t, Waiting> waiting_;
  std::uint64_t uses_ = 0;
};

MetricClients::MetricClients(runtime::real::Loop& loop, http::Egress egress, std::size_t most_bytes)
    : impl_(std::make_shared<Impl>(loop, egress, most_bytes)) {}
MetricClients::~MetricClients() = default;
void MetricClients::ask(const http::Url& server, const MetricAccess& access, http::Outgoing request, Done done) {
  impl_->ask(server, access, std::move(request), std::move(done));
}
void MetricClients::ask(std::shared_ptr<http::Client> client, http::Outgoing request, Done done) {
  impl_->ask(std::move(client), std::move(request), std::move(done));
}

}  // namespace slipway::gateway
