#include "gateway/prometheus_query.h"

#include <fmt/format.h>

#include "gateway/metric_clients.h"

namespace slipway::gateway {
namespace {

using base::Code;
using base::Result;
using data::Value;

constexpr std::size_t kMaxAnswer = 4u << 20;
constexpr base::Duration kAnswerTime = base::seconds(10);

std::string target_of(std::string_view base_path, std::string_view query) {
  std::string path(base_path.substr(0, base_path.find('?')));
  while (path.ends_with('/')) path.pop_back();
  return path + "/api/v1/query?query=" + http::percent_encode(query);
}

}  // namespace

class PrometheusQuery::Impl : public std::enable_shared_from_this<Impl> {
 public:
  Impl(runtime::real::Loop& loop, PrometheusQueryOptions options)
      : loop_(loop),
        options_(std::move(options)),
        others_(loop, {.allow_loopback = options_.allow_loopback}, kMaxAnswer) {}

  void set_own(http::Endpoint endpoint, http::ClientOptions options) {
    own_ = std::make_shared<http::Client>(loop_, std::move(endpoint), std::move(options));
  }

  void perform(const Value& what, Done done) {
    const std::string query = what["query"].str(), address = what["address"].str();
    if (query.empty()) return answer(std::move(done), base::fail(Code::Invalid, "a Prometheus query is empty"));
    if (address.empty()) {
      if (!own_) return answer(std::move(done), base::fail(Code::Unavailable, options_.no_own));
      return others_.ask(own_, request_of("", query), reader(std::move(done)));
    }
    const auto url = http::parse_url(address);
    if (!url) return answer(std::move(done), base::fail(url.error()));
    if (what["secret"].is_null()) return others_.ask(*url, {}, request_of(url->target, query), reader(std::move(done)));
    read_secret(what["secret"], *url, query, std::move(done));
  }

 private:
  void answer(Done done, Result<Value> result) {
    loop_.post([done = std::move(done), result = std::move(result)]() mutable { done(std::move(result)); });
  }

  static http::Outgoing request_of(std::string_view base_path, std::string_view query) {
    return {.target = target_of(base_path, query), .timeout = kAnswerTime};
  }

  static MetricClients::Done reader(Done done) {
    return [done = std::move(done)](Result<http::Response> response) mutable {
      if (!response) return done(base::fail(response.error()));
      done(read_query_answer(response->status, response->body));
    };
  }

  void read_secret(const Value& named, const http::Url& url, std::string query, Done done) {
    if (!url.tls)
      return answer(std::move(done), base::fail(Code::Invalid,
                                                "a password is sent over TLS only: the address of "
                                                "provider.prometheus must begin with https://"));
    read_metric_secret(options_.secrets, loop_, named, "provider.prometheus.secret",
                       [self = weak_from_this(), named, url, query = std::move(query),
                        done = std::move(done)](Result<Value> secret) mutable {
                         const auto impl = self.lock();
                         if (!impl) return;
                         if (!secret) return done(base::fail(secret.error()));
                         const auto access = read_access(*secret);
                         if (!access)
                           return done(base::fail(access.error().code,
                                                  fmt::format("Secret {}/{}: {}", named["namespace"].as_string(),
                                                              named["name"].as_string(), access.error().message)));
                         impl->others_.ask(url, *access, request_of(url.target, query), reader(std::move(done)));
                       });
  }

  runtime::real::Loop& loop_;
  const PrometheusQueryOptions options_;
  std::shared_ptr<http::Client> own_;
  MetricClients others_;
};

PrometheusQuery::PrometheusQuery(runtime::real::Loop& loop, PrometheusQueryOptions options)
    : impl_(std::make_shared<Impl>(loop, std::move(options))) {}
PrometheusQuery::~PrometheusQuery() = default;
void PrometheusQuery::set_own(http::Endpoint endpoint, http::ClientOptions options) {
  impl_->set_own(std::move(endpoint), std::move(options));
}
void PrometheusQuery::perform(const std::string&, const Value& what, Done done) {
  impl_->perform(what, std::move(done));
}

}  // namespace slipway::gateway
