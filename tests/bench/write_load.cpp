#include "write_load.h"

#include <fmt/core.h>

#include <algorithm>
#include <vector>

#include "base/strings.h"
#include "data/json.h"
#include "http/client.h"
#include "runtime/real/loop.h"

namespace slipway::bench {

using data::Value;

namespace {

constexpr std::string_view kMark = "NAME-OF-THE-OBJECT";

Around split_at_mark(const Value& body) {
  const std::string text = data::to_json(body);
  const std::size_t at = text.find(kMark);
  return {text.substr(0, at), text.substr(at + kMark.size())};
}

Around config_map_around_name(int bytes) {
  const std::string fill(static_cast<std::size_t>(bytes), 'x');
  return split_at_mark(Value::object({{"apiVersion", "v1"},
                                      {"kind", "ConfigMap"},
                                      {"metadata", Value::object({{"name", kMark}})},
                                      {"data", Value::object({{"fill", fill}})}}));
}

class Load {
 public:
  Load(const LoadOptions& options, const http::Url& url)
      : options_(options),
        around_(options.pods ? pod_around_name() : config_map_around_name(options.bytes)),
        value_(base::base64_encode(std::string(static_cast<std::size_t>(options.bytes), 'x'))),
        calls_(static_cast<std::size_t>(options.clients)) {
    http::ClientOptions client{.tls = options.tls, .connections = calls_.size()};
    client_ = std::make_unique<http::Client>(loop_, url.endpoint, client);
  }

  LoadResult run() {
    left_ = options_.count > 0 ? options_.count : UINT64_MAX;
    warm_up();
    const auto started = loop_.mono();
    if (options_.count == 0) stop_ = loop_.after(base::seconds(options_.seconds), [this] { loop_.stop(); });
    for (std::size_t lane = 0; lane < calls_.size(); ++lane) create(lane);
    loop_.run();
    const double elapsed = base::to_seconds(loop_.mono() - started);
    result_.creates = latencies_.size();
    result_.per_second = static_cast<double>(latencies_.size()) / elapsed;
    result_.p50_ms = quantile_ms(0.5);
    result_.p99_ms = quantile_ms(0.99);
    return result_;
  }

 private:
  // One cheap request on every connection: handshakes are not part of what is measured.
  void warm_up() {
    std::size_t answered = 0;
    for (auto& call : calls_) call = client_->send({.target = "/version"}, [&answered](auto) { ++answered; });
    while (answered < calls_.size()) loop_.run_one();
  }

  void create(std::size_t lane) {
    if (left_ == 0) return done_in(lane);
    --left_;
    const auto begun = loop_.mono();
    calls_[lane] = client_->send(request(), [this, lane, begun](auto answer) {
      if (answer && answer->status / 100 == 2)
        latencies_.push_back(loop_.mono() - begun);
      else if (result_.errors++ == 0)
        result_.first_error = answer ? fmt::format("{}: {}", answer->status, answer->body) : answer.error().message;
      create(lane);
    });
  }

  void done_in(std::size_t) {
    if (++lanes_done_ == calls_.size()) loop_.stop();
  }

  http::Outgoing request() {
    const std::string name = fmt::format("{}-{:08}", options_.prefix, made_++);
    const std::string_view kind = options_.pods ? "pods" : "configmaps";
    std::string body = options_.etcd ? R"({"key":")" + base::base64_encode(name) + R"(","value":")" + value_ + "\"}"
                                     : around_.before + name + around_.behind;
    return {.method = "POST",
            .target = options_.etcd ? "/v3/kv/put" : fmt::format("/api/v1/namespaces/default/{}", kind),
            .headers = {{"Content-Type", "application/json"}},
            .body = http::bytes_of(std::move(body))};
  }

  double quantile_ms(double q) {
    if (latencies_.empty()) return 0;
    const auto at = latencies_.begin() + static_cast<std::ptrdiff_t>(q * static_cast<double>(latencies_.size() - 1));
    std::nth_element(latencies_.begin(), at, latencies_.end());
    return base::to_seconds(*at) * 1e3;
  }

  const LoadOptions& options_;
  const Around around_;
  const std::string value_;
  runtime::real::Loop loop_;
  std::unique_ptr<http::Client> client_;
  std::vector<std::unique_ptr<http::Call>> calls_;
  std::vector<base::Duration> latencies_;
  runtime::Timer stop_;
  std::uint64_t made_ = 0, left_ = 0;
  std::size_t lanes_done_ = 0;
  LoadResult result_;
};

}  // namespace

Around pod_around_name() {
  const Value probe =
      Value::object({{"httpGet", Value::object({{"path", "/healthz"}, {"port", 8080}})}, {"periodSeconds", 1}});
  const Value limits = Value::object({{"cpu", "500m"}, {"memory", "256Mi"}});
  const Value container =
      Value::object({{"name", "main"},
                     {"image", "shop/web:1.9.0"},
                     {"env", Value::array({Value::object({{"name", "REGION"}, {"value", "north"}})})},
                     {"ports", Value::array({Value::object({{"containerPort", 8080}, {"name", "http"}})})},
                     {"resources", Value::object({{"limits", limits}, {"requests", limits}})},
                     {"readinessProbe", probe},
                     {"livenessProbe", probe}});
  const Value labels = Value::object({{"app", "web"}, {"pod-template-hash", "7c5ddbdf54"}});
  return split_at_mark(
      Value::object({{"apiVersion", "v1"},
                     {"kind", "Pod"},
                     {"metadata", Value::object({{"name", kMark}, {"labels", labels}})},
                     {"spec", Value::object({{"schedulerName", "none"}, {"containers", Value::array({container})}})}}));
}

base::Result<LoadResult> run_load(const LoadOptions& options) {
  const auto url = http::parse_url(options.url);
  if (!url) return base::fail(url.error());
  return Load(options, *url).run();
}

}  // namespace slipway::bench
