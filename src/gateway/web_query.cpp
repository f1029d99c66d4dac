#include "gateway/web_query.h"

#include <fmt/format.h>

#include "base/time.h"
#include "gateway/metric_clients.h"

namespace slipway::gateway {
namespace {

using base::Code;
using base::Result;
using data::Value;

constexpr base::Duration kAnswerTime = base::seconds(10);

http::Outgoing request_of(const Value& question, const http::Url& url, http::Headers headers) {
  http::Outgoing out{.method = question["method"].str("GET"),
                     .target = url.target,
                     .headers = std::move(headers),
                     .timeout = base::parse_duration(question["timeout"].as_string()).value_or(kAnswerTime)};
  if (const std::string body = question["body"].str(); !body.empty()) out.body = http::bytes_of(body);
  return out;
}

// A failure below HTTP names the server already, but not the page.
base::Error about(const Value& question, base::Error error) {
  error.message = fmt::format("{}: {}", shown_url(question["url"].as_string()), error.message);
  return error;
}

}  // namespace

class WebQuery::Impl : public std::enable_shared_from_this<Impl> {
 public:
  Impl(runtime::real::Loop& loop, WebQueryOptions options)
      : loop_(loop), options_(options), servers_(loop, {.allow_loopback = options.allow_loopback}, kMostWebAnswer) {}

  void perform(const Value& what, Done done) {
    const auto url = http::parse_url(what["url"].as_string());
    if (!url)
      return answer(std::move(done),
                    base::fail(Code::Invalid, fmt::format("{}: not a usable address: check provider.web.url",
                                                          shown_url(what["url"].as_string()))));
    if (const auto method = what["method"].as_string("GET"); method != "GET" && method != "POST")
      return answer(std::move(done), base::fail(Code::Invalid, "provider.web.method must be GET or POST"));
    if (what["secret"].is_null()) return ask(what, *url, Value(), std::move(done));
    if (!url->tls)
      return answer(std::move(done),
                    base::fail(Code::Invalid, fmt::format("{}: a Secret is sent over TLS only: provider.web.url must "
                                                          "begin with https://",
                                                          shown_url(what["url"].as_string()))));
    read_metric_secret(
        options_.secrets, loop_, what["secret"], "provider.web.secret",
        [self = weak_from_this(), what, url = *url, done = std::move(done)](Result<Value> secret) mutable {
          const auto impl = self.lock();
          if (!impl) return;
          if (!secret) return done(base::fail(secret.error()));
          impl->ask(what, url, *secret, std::move(done));
        });
  }

 private:
  void answer(Done done, Result<Value> result) {
    loop_.post([done = std::move(done), result = std::move(result)]() mutable { done(std::move(result)); });
  }

  // `secret` is null where none is named.
  void ask(const Value& what, const http::Url& url, const Value& secret, Done done) {
    const auto named = [&](const base::Error& error) {
      return base::Error{error.code, fmt::format("Secret {}/{}: {}", what["secret"]["namespace"].as_string(),
                                                 what["secret"]["name"].as_string(), error.message)};
    };
    auto access = secret.is_null() ? Result<MetricAccess>() : read_access(secret, false);
    if (!access) return answer(std::move(done), base::fail(named(access.error())));
    auto headers = web_headers(what, secret);
    if (!headers)
      return answer(std::move(done),
                    base::fail(secret.is_null() ? about(what, headers.error()) : named(headers.error())));
    if (headers->has("Authorization")) access->authorization.clear();  // said by the template
    servers_.ask(url, *access, request_of(what, url, std::move(*headers)),
                 [what, done = std::move(done)](Result<http::Response> response) mutable {
                   if (!response) return done(base::fail(about(what, response.error())));
                   done(read_web_answer(what, response->status, response->body));
                 });
  }

  runtime::real::Loop& loop_;
  const WebQueryOptions options_;
  MetricClients servers_;
};

WebQuery::WebQuery(runtime::real::Loop& loop, WebQueryOptions options) : impl_(std::make_shared<Impl>(loop, options)) {}
WebQuery::~WebQuery() = default;
void WebQuery::perform(const std::string&, const Value& what, Done done) { impl_->perform(what, std::move(done)); }

}  // namespace slipway::gateway
