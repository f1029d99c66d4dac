#include "gateway/prometheus_query.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "api/resource.h"
#include "base/strings.h"

namespace slipway::gateway {
namespace {

using base::Code;
using base::Result;
using data::Value;

constexpr std::size_t kMaxClients = 16;
constexpr std::size_t kMaxAnswer = 4u << 20;
constexpr base::Duration kAnswerTime = base::seconds(10);

std::string percent_encode(std::string_view text) {
  std::string out;
  for (unsigned char c : text) {
    bool plain = c < 0x80 && (std::isalnum(c) || c == '-' || c == '_' || c == '.' || c == '~');
    out += plain ? std::string(1, static_cast<char>(c)) : "%" + base::hex(std::string(1, static_cast<char>(c)));
  }
  return out;
}

std::string target_of(std::string_view base_path, std::string_view query) {
  std::string path(base_path.substr(0, base_path.find('?')));
  while (path.ends_with('/')) path.pop_back();
  return path + "/api/v1/query?query=" + percent_encode(query);
}

// Of the failures to read a Secret, those that somebody can do something about say what.
base::Error secret_refused(base::Error error, const std::string& space, const std::string& name) {
  if (error.code == Code::Forbidden)
    error.message = fmt::format(
        "the controllers may not read Secret {0}/{1}, which provider.prometheus.secret names: give them `get` of it "
        "with "
        "a Role in {0} (docs/rbac.md): {2}",
        space, name, error.message);
  if (error.code == Code::NotFound)
    error.message = fmt::format("Secret {}/{}, which provider.prometheus.secret names, does not exist", space, name);
  return error;
}

}  // namespace

class PrometheusQuery::Impl : public std::enable_shared_from_this<Impl> {
 public:
  Impl(runtime::real::Loop& loop, PrometheusQueryOptions options) : loop_(loop), options_(std::move(options)) {}

  void set_own(http::Endpoint endpoint, http::ClientOptions options) {
    own_ = std::make_shared<http::Client>(loop_, std::move(endpoint), std::move(options));
  }

  void perform(const Value& what, Done done) {
    const std::string query = what["query"].str(), address = what["address"].str();
    if (query.empty()) return answer(std::move(done), base::fail(Code::Invalid, "a Prometheus query is empty"));
    if (address.empty()) {
      if (!own_) return answer(std::move(done), base::fail(Code::Unavailable, options_.no_own));
      return ask(own_, target_of("", query), std::move(done));
    }
    const auto url = http::parse_url(address);
    if (!url) return answer(std::move(done), base::fail(url.error()));
    if (auto allowed = check_egress(url->endpoint.host, options_.allow_loopback); !allowed)
      return answer(std::move(done), base::fail(allowed.error()));
    if (what["secret"].is_null()) return ask_with({}, *url, query, std::move(done));
    read_secret(what["secret"], *url, query, std::move(done));
  }

 private:
  void answer(Done done, Result<Value> result) {
    loop_.post([done = std::move(done), result = std::move(result)]() mutable { done(std::move(result)); });
  }

  void read_secret(const Value& named, const http::Url& url, std::string query, Done done) {
    const std::string space = named["namespace"].str(), name = named["name"].str();
    if (!options_.secrets) return answer(std::move(done), base::fail(Code::Unavailable, "no Secret can be read here"));
    if (!url.tls)
      return answer(std::move(done), base::fail(Code::Invalid,
                                                "a password is sent over TLS only: the address of "
                                                "provider.prometheus must begin with https://"));
    options_.secrets->call({.verb = client::Verb::Get, .resource = api::kSecrets, .space = space, .name = name},
                           [self = weak_from_this(), url, query = std::move(query), space, name,
                            done = std::move(done)](client::Answer secret) mutable {
                             const auto impl = self.lock();
                             if (!impl) return;
                             if (!secret) return done(base::fail(secret_refused(secret.error(), space, name)));
                             const auto access = read_access(*secret);
                             if (!access)
                               return done(base::fail(access.error().code, fmt::format("Secret {}/{}: {}", space, name,
                                                                                       access.error().message)));
                             impl->ask_with(*access, url, query, std::move(done));
                           });
  }

  void ask_with(const PrometheusAccess& access, const http::Url& url, const std::string& query, Done done) {
    auto client = client_for(access, url);
    if (!client) return answer(std::move(done), base::fail(client.error()));
    ask(std::move(*client), target_of(url.target, query), std::move(done));
  }

  struct Known {
    std::shared_ptr<http::Client> client;
    std::uint64_t used = 0;
  };

  // One for each server and what it is shown. A call under way keeps its client.
  Result<std::shared_ptr<http::Client>> client_for(const PrometheusAccess& access, const http::Url& url) {
    const std::string key =
        (url.tls ? "https://" : "http://") + url.endpoint.authority() + "\n" + access.authorization + "\n" + access.ca;
    Known& known = others_[key];
    known.used = ++uses_;
    if (known.client) return known.client;
    http::ClientOptions options{.connections = 4, .body_bytes = kMaxAnswer};
    if (!access.authorization.empty()) options.headers = {{"Authorization", access.authorization}};
    if (url.tls) {
      auto tls = http::TlsContext::make(http::TlsContext::Client{.ca = access.ca});
      if (!tls) return others_.erase(key), base::fail(tls.error());
      options.tls = *tls;
    }
    auto client = known.client = std::make_shared<http::Client>(loop_, url.endpoint, options);
    if (others_.size() > kMaxClients)
      others_.erase(std::ranges::min_element(others_, {}, [](const auto& each) { return each.second.used; }));
    return client;
  }

  struct Waiting {
    std::shared_ptr<http::Client> client;
    std::unique_ptr<http::Call> call;
    Done done;
  };

  void ask(std::shared_ptr<http::Client> client, std::string target, Done done) {
    const std::uint64_t id = ++uses_;
    Waiting& waiting = waiting_[id];
    waiting = {.client = std::move(client), .done = std::move(done)};
    waiting.call = waiting.client->send({.target = std::move(target), .timeout = kAnswerTime},
                                        [this, id](Result<http::Response> response) {
                                          Done done = std::move(waiting_.at(id).done);
                                          // The call ends after its own callback.
                                          loop_.post([self = weak_from_this(), id] {
                                            if (const auto impl = self.lock()) impl->waiting_.erase(id);
                                          });
                                          if (!response) return done(base::fail(response.error()));
                                          done(read_query_answer(response->status, response->body));
                                        });
  }

  runtime::real::Loop& loop_;
  const PrometheusQueryOptions options_;
  std::shared_ptr<http::Client> own_;
  std::map<std::string, Known> others_;
  std::map<std::uint64_t, Waiting> waiting_;
  std::uint64_t uses_ = 0;
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
