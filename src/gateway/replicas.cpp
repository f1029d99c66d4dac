#include "gateway/replicas.h"

#include <algorithm>

#include "base/strings.h"
#include "client/status.h"
#include "data/json.h"
#include "gateway/combine.h"
#include "gateway/control_server.h"
#include "gateway/failures.h"

namespace slipway::gateway {
namespace {

using base::Code;
using control::Port;
using data::Value;
using Answers = base::Result<std::vector<Value>>;

// Shorter than what a decision waits for an answer, so that the error names the replica.
constexpr base::Duration kPatience = base::seconds(4);

class CombiningPort final : public Port {
 public:
  using Ask = std::function<void(const std::string& id, const Value& what, std::move_only_function<void(Answers)>)>;
  using Combine = base::Result<Value> (*)(const Value& question, const std::vector<Value>& answers);
  CombiningPort(Ask ask, Combine combine) : ask_(std::move(ask)), combine_(combine) {}
  void perform(const std::string& id, const Value& what, Done done) override {
    ask_(id, what, [what, combine = combine_, done = std::move(done)](Answers answers) mutable {
      if (!answers) return done(base::fail(answers.error()));
      done(combine(what, *answers));
    });
  }

 private:
  Ask ask_;
  Combine combine_;
};

base::Result<Value> combine_traffic(const Value&, const std::vector<Value>& answers) {
  return combined_traffic(answers);
}

base::Result<Value> combine_metrics(const Value& question, const std::vector<Value>& answers) {
  WindowSum all;
  std::vector<FailureKind> failures;
  for (const Value& answer : answers) {
    const auto sum = window_sum_of(answer);
    if (!sum) return base::fail(sum.error());
    const auto failed = failure_kinds_of(answer["failures"]);
    if (!failed) return base::fail(failed.error());
    add(all, *sum);
    add(failures, *failed);
  }
  const auto window = base::parse_duration(question["window"].as_string("10s"));
  const auto result = window ? answer_of(all, question["query"].as_string(), *window) : std::nullopt;
  if (!result) return base::fail(Code::Invalid, kBadMetric);
  Value out = to_value(*result);
  if (question["failures"].as_bool()) out.set("failures", to_value(failures));
  return out;
}

base::Result<Value> read_answer(const base::Result<http::Response>& response) {
  if (!response) return base::fail(response.error());
  auto body = data::parse_json(response->body);
  if (response->status == 200 && body) return std::move(*body);
  return base::fail(client::error_of_status(body ? *body : Value(), response->status));
}

// "10.244.0.9:9465"
http::Endpoint endpoint_of(const std::string& address) {
  const std::size_t colon = address.rfind(':');
  const auto port = colon == std::string::npos ? std::nullopt : base::parse_uint(address.substr(colon + 1));
  return {.host = address.substr(0, colon), .port = static_cast<std::uint16_t>(port.value_or(0))};
}

// One question to all replicas.
struct Round {
  std::vector<ReplicaFacts> asked;
  std::vector<std::optional<base::Result<Value>>> answers;
  std::vector<std::shared_ptr<http::Client>> clients;  // live as long as their calls
  std::vector<std::unique_ptr<http::Call>> calls;
  std::size_t missing = 0;
  std::move_only_function<void(Answers)> done;

  void finish() {
    std::vector<Value> all;
    for (std::size_t i = 0; i < asked.size(); ++i) {
      if (*answers[i]) {
        all.push_back(std::move(**answers[i]));
        continue;
      }
      base::Error error = answers[i]->error();
      error.message = "gateway replica " + asked[i].identity + " at " + asked[i].address + ": " + error.message;
      return done(base::fail(std::move(error)));
    }
    done(std::move(all));
  }
};

}  // namespace

class Replicas::Impl {
 public:
  Impl(client::ApiClient& api, runtime::real::Loop& loop, runtime::Random& random, ReplicasOptions options)
      : loop_(loop),
        options_(std::move(options)),
        replicas_(api, loop, random, options_.space, options_.caches),
        traffic_([this](auto& id, auto& what, auto done) { ask("traffic", id, what, std::move(done)); },
                 combine_traffic),
        metrics_([this](auto& id, auto& what,
                        auto done) { ask("metrics/gateway", id, what.with("sum", true), std::move(done)); },
                 combine_metrics) {
    replicas_.on_change([this] { changed(); });
  }
  // Rounds under way are given up: their calls hold what holds them.
  ~Impl() {
    for (const auto& weak : rounds_)
      if (const auto round = weak.lock()) round->calls.clear();
  }

  void start() { replicas_.start(); }
  bool any() const { return !replicas_.live().empty(); }
  void on_change(std::function<void()> listener) { listener_ = std::move(listener); }
  Port& traffic() { return traffic_; }
  Port& metrics() { return metrics_; }

 private:
  struct Connected {
    ReplicaFacts facts;
    std::shared_ptr<http::Client> client;
  };

  void changed() {
    if (any() == any_) return;
    any_ = !any_;
    if (listener_) listener_();
  }

  base::Result<std::shared_ptr<http::Client>> client_of(const ReplicaFacts& facts) {
    Connected& c = clients_[facts.identity];
    if (c.client && c.facts == facts) return c.client;
    auto tls =
        http::TlsContext::make(http::TlsContext::Client{.ca = facts.certificate,
                                                        .certificate = options_.certificate.credential.certificate,
                                                        .key = options_.certificate.credential.key});
    if (!tls) return base::fail(tls.error());
    c.facts = facts;
    c.client = std::make_shared<http::Client>(loop_, endpoint_of(facts.address),
                                              http::ClientOptions{.tls = std::move(*tls), .server_name = kServerName});
    return c.client;
  }

  void forget_dead(const std::vector<ReplicaFacts>& live) {
    std::erase_if(clients_, [&](const auto& entry) {
      return std::ranges::find(live, entry.first, &ReplicaFacts::identity) == live.end();
    });
  }

  void ask(const std::string& port, const std::string& id, const Value& what,
           std::move_only_function<void(Answers)> done) {
    const auto round = std::make_shared<Round>();
    round->asked = replicas_.live();
    round->done = std::move(done);
    if (round->asked.empty()) return none(port, round);
    forget_dead(round->asked);
    std::erase_if(rounds_, [](const auto& weak) { return weak.expired(); });
    rounds_.push_back(round);
    const http::Bytes body = http::bytes_of(data::to_json(Value::object({{"id", id}, {"what", what}})));
    round->answers.resize(round->asked.size());
    round->missing = round->asked.size();
    for (std::size_t i = 0; i < round->asked.size(); ++i) {
      const auto client = client_of(round->asked[i]);
      if (!client) {
        loop_.post([round, i, error = client.error()] { take(round, i, base::fail(error)); });
        continue;
      }
      http::Outgoing request{.method = "POST",
                             .target = std::string(kAskPath) + port,
                             .headers = {{"Content-Type", "application/json"}},
                             .body = body,
                             .timeout = kPatience};
      round->clients.push_back(*client);
      round->calls.push_back((*client)->send(std::move(request), [round, i](base::Result<http::Response> response) {
        take(round, i, read_answer(response));
      }));
    }
  }

  static void take(const std::shared_ptr<Round>& round, std::size_t i, base::Result<Value> answer) {
    round->answers[i] = std::move(answer);
    if (--round->missing > 0) return;
    round->finish();
  }

  void none(const std::string& port, const std::shared_ptr<Round>& round) {
    const std::string absent = ": no replica of our gateway has a lease in namespace " + options_.space;
    const char* instead = port == "metrics/gateway" ? "; or use provider.prometheus with query and address" : "";
    loop_.post([round, text = "this cluster has no " + port + " that the controllers could ask" + absent + instead] {
      round->done(base::fail(Code::Unavailable, text));
    });
  }

  runtime::real::Loop& loop_;
  ReplicasOptions options_;
  LiveReplicas replicas_;
  std::map<std::string, Connected> clients_;  // by identity
  std::vector<std::weak_ptr<Round>> rounds_;
  bool any_ = false;
  std::function<void()> listener_;
  CombiningPort traffic_, metrics_;
};

Replicas::Replicas(client::ApiClient& api, runtime::real::Loop& loop, runtime::Random& random, ReplicasOptions options)
    : impl_(std::make_unique<Impl>(api, loop, random, std::move(options))) {}
Replicas::~Replicas() = default;
void Replicas::start() { impl_->start(); }
bool Replicas::any() const { return impl_->any(); }
void Replicas::on_change(std::function<void()> listener) { impl_->on_change(std::move(listener)); }
Port& Replicas::traffic_port() { return impl_->traffic(); }
Port& Replicas::gateway_metrics_port() { return impl_->metrics(); }

}  // namespace slipway::gateway
