#include "gateway/webhook.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/strings.h"
#include "base/time.h"
#include "data/json.h"
#include "gateway/metric_clients.h"
#include "gateway/metric_secret.h"
#include "gateway/web_query.h"
#include "gateway/webhook_signature.h"

namespace slipway::gateway {
namespace {

using base::Code;
using base::Result;
using data::Value;

constexpr base::Duration kAnswerTime = base::seconds(10);
constexpr std::size_t kMostAnswer = 1u << 20;  // bytes; none of them is looked at
constexpr const char* kType = "application/cloudevents+json; charset=UTF-8";

std::string secret_name(const Value& what) {
  return fmt::format("Secret {}/{}", what["secret"]["namespace"].as_string(), what["secret"]["name"].as_string());
}

// For people: never more of the address than may be seen.
std::string shown_server(const Value& what) {
  const std::string key = what["urlKey"].str();
  return key.empty() ? shown_url(what["url"].as_string())
                     : fmt::format("the address in {}, key {},", secret_name(what), key);
}

Result<std::string> address_of(const Value& what, const Value& secret) {
  const std::string key = what["urlKey"].str();
  if (key.empty()) return what["url"].str();
  const auto kept = secret_text(secret, key);
  if (!kept || kept->empty())
    return base::fail(Code::Invalid,
                      fmt::format("{} has no key {}, which spec.webhook.urlKey names", secret_name(what), key));
  return *kept;
}

bool sends_secret(const Value& what, const MetricAccess& access) {
  return !access.authorization.empty() || !what["urlKey"].as_string().empty() ||
         std::ranges::any_of(what["headers"].items(),
                             [](const Value& h) { return !h["secretKey"].as_string().empty(); });
}

// Everything that a request needs.
struct Prepared {
  http::Url url;
  MetricAccess access;
  http::Outgoing request;
};

Result<void> sign(const Value& what, const Value& secret, base::Time now, const std::string& body,
                  http::Headers& headers) {
  const std::string key = what["signingKey"].str();
  if (key.empty()) return {};
  const auto kept = secret_text(secret, key);
  const std::string id = what["event"]["id"].str();
  const std::string timestamp =
      std::to_string(std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count());
  const std::string signature = kept ? webhook_signature(*kept, id, timestamp, body) : "";
  if (signature.empty())
    return base::fail(Code::Invalid,
                      fmt::format("{} has no usable key {}, which spec.webhook.signingKey names: any text, or whsec_ "
                                  "and base64",
                                  secret_name(what), key));
  headers.set("webhook-id", id);
  headers.set("webhook-timestamp", timestamp);
  headers.set("webhook-signature", signature);
  return {};
}

Result<Prepared> prepare(const Value& what, const Value& secret, base::Time now) {
  const auto address = address_of(what, secret);
  if (!address) return base::fail(address.error());
  const auto url = http::parse_url(*address);
  if (!url)
    return base::fail(Code::Invalid,
                      fmt::format("{} is not a usable address: check spec.webhook.url or urlKey", shown_server(what)));
  auto access = secret.is_null() ? Result<MetricAccess>() : read_access(secret, false);
  if (!access) return base::fail(Code::Invalid, fmt::format("{}: {}", secret_name(what), access.error().message));
  if (!url->tls && sends_secret(what, *access))
    return base::fail(
        Code::Invalid,
        fmt::format("{}: a Secret is sent over TLS only: the address must begin with https://", shown_server(what)));
  auto headers = web_headers(what, secret);
  if (!headers) return base::fail(Code::Invalid, fmt::format("spec.webhook.headers: {}", headers.error().message));
  if (headers->has("Authorization")) access->authorization.clear();  // said by the headers
  const std::string body = data::to_json(what["event"]);
  headers->set("Content-Type", kType);
  if (!headers->has("User-Agent")) headers->add("User-Agent", "slipway/" SLIPWAY_VERSION);
  if (auto done = sign(what, secret, now, body, *headers); !done) return base::fail(done.error());
  return Prepared{*url, std::move(*access),
                  http::Outgoing{.method = "POST",
                                 .target = url->target,
                                 .headers = std::move(*headers),
                                 .body = http::bytes_of(body),
                                 .timeout = base::parse_duration(what["timeout"].as_string()).value_or(kAnswerTime)}};
}

// What is told of an address out of a Secret does not name its host.
base::Error about(const Value& what, const http::Url& url, base::Error error) {
  if (!what["urlKey"].as_string().empty())
    error.message =
        base::replace_all(base::replace_all(error.message, url.endpoint.authority(), "..."), url.endpoint.host, "...");
  error.message = fmt::format("{}: {}", shown_server(what), error.message);
  return error;
}

Value answer_of(const Value& what, const http::Response& response) {
  Value out = Value::object({{"status", response.status}, {"server", shown_server(what)}});
  if (const auto wait = base::parse_int(response.headers.get("Retry-After")); wait && *wait > 0)
    out.set("retryAfter", *wait);
  return out;
}

}  // namespace

class Webhook::Impl : public std::enable_shared_from_this<Impl> {
 public:
  Impl(runtime::real::Loop& loop, WebhookOptions options)
      : loop_(loop), options_(options), servers_(loop, {.allow_loopback = options.allow_loopback}, kMostAnswer) {}

  void perform(const Value& what, Done done) {
    if (what["secret"].is_null()) return send(what, Value(), std::move(done));
    read_metric_secret(options_.secrets, loop_, what["secret"], "spec.webhook.secret",
                       [self = weak_from_this(), what, done = std::move(done)](Result<Value> secret) mutable {
                         const auto impl = self.lock();
                         if (!impl) return;
                         if (!secret) return done(base::fail(secret.error()));
                         impl->send(what, *secret, std::move(done));
                       });
  }

 private:
  // `secret` is null where none is named.
  void send(const Value& what, const Value& secret, Done done) {
    auto prepared = prepare(what, secret, loop_.now());
    if (!prepared)
      return loop_.post(
          [done = std::move(done), why = prepared.error()]() mutable { done(base::fail(std::move(why))); });
    const http::Url url = prepared->url;
    servers_.ask(url, prepared->access, std::move(prepared->request),
                 [what, url, done = std::move(done)](Result<http::Response> response) mutable {
                   if (!response) return done(base::fail(about(what, url, response.error())));
                   done(answer_of(what, *response));
                 });
  }

  runtime::real::Loop& loop_;
  const WebhookOptions options_;
  MetricClients servers_;
};

Webhook::Webhook(runtime::real::Loop& loop, WebhookOptions options) : impl_(std::make_shared<Impl>(loop, options)) {}
Webhook::~Webhook() = default;
void Webhook::perform(const std::string&, const Value& what, Done done) { impl_->perform(what, std::move(done)); }

}  // namespace slipway::gateway
