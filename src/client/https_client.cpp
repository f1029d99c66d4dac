#include "client/https_client.h"

#include <functional>
#include <optional>
#include <utility>
#include <vector>

#include "base/strings.h"
#include "client/advice.h"
#include "client/clock_skew.h"
#include "client/credentials.h"
#include "client/status.h"
#include "data/json.h"
#include "http/client.h"

namespace slipway::client {
namespace {

using base::Code;
using base::fail;
using data::Value;

constexpr const char* kJson = "application/json, */*";
constexpr std::size_t kMaxRefusal = 64u << 10;

const char* method_of(Verb verb) {
  switch (verb) {
    case Verb::Get:
    case Verb::List:
      return "GET";
    case Verb::Create:
      return "POST";
    case Verb::Update:
      return "PUT";
    case Verb::Patch:
      return "PATCH";
    case Verb::Delete:
      return "DELETE";
  }
  return "GET";
}

const char* name_of(Verb verb) {
  switch (verb) {
    case Verb::Get:
      return "get";
    case Verb::List:
      return "list";
    case Verb::Create:
      return "create";
    case Verb::Update:
      return "update";
    case Verb::Patch:
      return "patch";
    case Verb::Delete:
      return "delete";
  }
  return "";
}

const char* content_type_of(const Request& request) {
  if (request.verb != Verb::Patch) return "application/json";
  switch (request.patch_type) {
    case PatchType::Json:
      return "application/json-patch+json";
    case PatchType::Merge:
      return "application/merge-patch+json";
    case PatchType::Strategic:
      return "application/strategic-merge-patch+json";
    case PatchType::Apply:
      return "application/apply-patch+yaml";
  }
  return "application/json";
}

base::Error error_of(int status, const http::Headers& headers, std::string_view body) {
  auto document = data::parse_json(body);
  base::Error error = error_of_status(document ? *document : Value{}, status);
  if (auto seconds = base::parse_int(headers.get("Retry-After")); seconds && *seconds >= 0)
    error.retry_after = base::seconds(*seconds);
  return error;
}

Answer answer_of(const http::Response& response) {
  if (response.status >= 300) return fail(error_of(response.status, response.headers, response.body));
  auto document = data::parse_json(response.body);
  if (!document) return fail(base::Code::Internal, "the server's answer is not JSON: " + document.error().message);
  return document;
}

// What the client makes of an error before its user sees it. The client outlives all its calls.
using Explain = std::function<base::Error(base::Error)>;

// Tells the refusal of a stream from its content: the body of an error status is collected.
class Refusable : public http::StreamSink {
 public:
  explicit Refusable(Explain explain) : explain_(std::move(explain)) {}
  void head(const http::Response& response) final {
    status_ = response.status;
    headers_ = response.headers;
    began(status_);
  }
  void data(std::string_view bytes) final {
    if (status_ < 300) return content(bytes);
    if (refusal_.size() < kMaxRefusal) refusal_ += bytes;
  }
  void ended(base::Result<void> how) final {
    if (how && status_ >= 300) how = fail(error_of(status_, headers_, refusal_));
    if (!how) how = fail(explain_(std::move(how.error())));
    finished(std::move(how));
  }

 protected:
  virtual void content(std::string_view bytes) = 0;
  virtual void finished(base::Result<void> how) = 0;
  virtual void began(int) {}
  int status() const { return status_; }

 private:
  Explain explain_;
  int status_ = 0;
  http::Headers headers_;
  std::string refusal_;
};

WatchEvent::Kind kind_of(std::string_view type) {
  if (type == "ADDED") return WatchEvent::Kind::Added;
  if (type == "MODIFIED") return WatchEvent::Kind::Modified;
  return type == "DELETED" ? WatchEvent::Kind::Deleted : WatchEvent::Kind::Bookmark;
}

// Lines of a watch to events. The sink may destroy the handle from within an event; `sink_` is null from then on.
class Watch : public Refusable, public std::enable_shared_from_this<Watch> {
 public:
  Watch(runtime::Loop& loop, WatchSink& sink, Explain explain, std::function<void(int status)> told,
        std::size_t largest)
      : Refusable(std::move(explain)), loop_(loop), sink_(&sink), told_(std::move(told)), largest_(largest) {}
  void open(http::Client& client, http::Outgoing request) {
    if (sink_ != nullptr) call_ = client.stream(std::move(request), *this);
  }
  void end_with(base::Error why) {
    auto self = shared_from_this();
    if (sink_ != nullptr) std::exchange(sink_, nullptr)->ended(std::move(why));
  }

  void close() {
    sink_ = nullptr;
    // Not on the spot: this may be inside one of the call's own callbacks.
    loop_.post([call = std::shared_ptr<http::Call>(std::move(call_)), self = shared_from_this()] {});
  }

 private:
  void content(std::string_view bytes) override {
    auto self = shared_from_this();
    for (;;) {
      std::size_t end = bytes.find('\n');
      line_ += bytes.substr(0, end);
      if (line_.size() > largest_)
        return end_with({.code = base::Code::TooLarge, .message = "a watch event is too large"});
      if (end == std::string_view::npos || sink_ == nullptr) return;
      event(std::exchange(line_, {}));
      bytes.remove_prefix(end + 1);
    }
  }

  void event(const std::string& line) {
    if (line.empty()) return;
    auto document = data::parse_json(line);
    if (!document)
      return end_with(
          {.code = base::Code::Internal, .message = "a watch event is not JSON: " + document.error().message});
    std::string_view type = (*document)["type"].as_string();
    if (type == "ERROR") return end_with(error_of_status((*document)["object"], 500));
    sink_->event({kind_of(type), (*document)["object"]});
  }

  void began(int status) override { told_(status); }

  // A stream that has begun and fell silent is a lost connection: Timeout says that the server has ended the watch.
  void finished(base::Result<void> how) override {
    if (status() == 0) told_(0);
    if (!how && status() != 0 && how.error().code == Code::Timeout) how.error().code = Code::Unavailable;
    end_with(how ? base::Error{.code = base::Code::Timeout, .message = "the server has ended the watch"} : how.error());
  }

  runtime::Loop& loop_;
  WatchSink* sink_;
  std::function<void(int status)> told_;
  const std::size_t largest_;
  std::string line_;
  std::unique_ptr<http::Call> call_;
};

class Handle final : public WatchHandle {
 public:
  explicit Handle(std::shared_ptr<Watch> watch) : watch_(std::move(watch)) {}
  ~Handle() override { watch_->close(); }

 private:
  std::shared_ptr<Watch> watch_;
};

class Follow : public Refusable {
 public:
  Follow(HttpsClient::TextSink& sink, Explain explain) : Refusable(std::move(explain)), sink_(&sink) {}
  void open(http::Client& client, http::Outgoing request) {
    if (sink_ != nullptr) call_ = client.stream(std::move(request), *this);
  }
  void finished(base::Result<void> how) override {
    if (sink_ != nullptr) std::exchange(sink_, nullptr)->ended(std::move(how));
  }
  void close() {
    sink_ = nullptr;
    call_.reset();
  }

 private:
  void content(std::string_view bytes) override {
    if (sink_ != nullptr) sink_->data(bytes);
  }
  HttpsClient::TextSink* sink_;
  std::unique_ptr<http::Call> call_;
};

class FollowHandle final : public WatchHandle {
 public:
  explicit FollowHandle(std::shared_ptr<Follow> follow) : follow_(std::move(follow)) {}
  ~FollowHandle() override { follow_->close(); }

 private:
  std::shared_ptr<Follow> follow_;
};

base::Result<std::shared_ptr<const http::TlsContext>> tls_of(const Connection& c, const Credential& shown) {
  if (!c.server.starts_with("https")) return std::shared_ptr<const http::TlsContext>();
  return http::TlsContext::make(
      http::TlsContext::Client{.ca = c.ca, .certificate = shown.certificate, .key = shown.key, .insecure = c.insecure});
}

}  // namespace

class HttpsClient::Impl {
 public:
  Impl(runtime::real::Loop& loop, Connection connection, http::Endpoint endpoint, std::optional<http::Proxy> proxy,
       runtime::Metrics* metrics, HttpsOptions options)
      : loop_(loop),
        options_(std::move(options)),
        connection_(std::move(connection)),
        endpoint_(std::move(endpoint)),
        proxy_(std::move(proxy)),
        credentials_(make_credentials(loop, connection_)) {
    if (metrics == nullptr) return;
    requests_ =
        &metrics->counter("slipway_client_requests_total", "Requests to the API server by answer; code 0: none came.",
                          {"verb", "resource", "code"});
    under_way_ =
        &metrics->gauge("slipway_client_requests_under_way", "Requests without an answer yet, watches aside.").with({});
    skew_ = &metrics
                 ->gauge("slipway_client_clock_skew_seconds",
                         "How far this clock is ahead of the API server's; negative: behind.")
                 .with({});
  }

  void count(const char* verb, const Resource& resource, int code) {
    if (requests_) requests_->with({verb, resource.qualified(), std::to_string(code)}).add();
  }

  using Done = std::move_only_function<void(base::Result<http::Response>)>;
  void send(http::Outgoing request, Done done) {
    if (!request.headers.has("Accept")) request.headers.add("Accept", kJson);
    with_client(
        [this, request = std::move(request), done = std::move(done)](base::Result<http::Client*> client) mutable {
          if (!client) return done(fail(client.error()));
          std::uint64_t id = ++last_;
          sign(request);
          calls_[id] = (*client)->send(std::move(request), [this, id, sent = loop_.now(), done = std::move(done)](
                                                               base::Result<http::Response> response) mutable {
            auto call = std::move(calls_.extract(id).mapped());
            show_calls();
            if (response) compare_clocks(response->headers.get("Date"), sent);
            if (!response) response = fail(explain(std::move(response.error())));
            done(std::move(response));
          });
          show_calls();
        });
  }

  template <class Stream>
  void stream(const std::shared_ptr<Stream>& stream, http::Outgoing request) {
    with_client([this, stream, request = std::move(request)](base::Result<http::Client*> client) mutable {
      if (!client) return refuse(*stream, client.error());
      sign(request);
      stream->open(**client, std::move(request));
    });
  }

  base::Duration silence_of(const WatchRequest& request) const {
    if (options_.silence > base::Duration{}) return options_.silence;
    constexpr std::int64_t kServersOwn = 3600;  // kube-apiserver: at most twice --min-request-timeout, 1800 s
    return base::seconds((request.timeout_seconds > 0 ? request.timeout_seconds : kServersOwn) + 30);
  }

  base::Error explain(base::Error error) {
    if (error.code == Code::Unauthorized) credentials_->refused();
    return with_advice(std::move(error), connection_);
  }

  // With the credentials that there are: for the first time when the client is made, so that mistakes show at once.
  base::Result<void> prepare() {
    const Credential* now = credentials_->current();
    if (now == nullptr) {
      auto trusting = tls_of(connection_, {});
      return trusting ? base::Result<void>() : fail(trusting.error());
    }
    if (auto good = check_certificate(now->certificate, connection_, loop_.now()); !good) return good;
    auto client = client_for(*now);
    if (!client) return fail(client.error());
    return {};
  }

  runtime::real::Loop& loop_;
  const HttpsOptions options_;

 private:
  void show_calls() {
    if (under_way_) under_way_->set(static_cast<double>(calls_.size()));
  }

  void compare_clocks(std::string_view date, base::Time sent) {
    const auto skew = skew_of(date, sent, loop_.now());
    if (!skew) return;
    if (skew_) skew_->set(base::to_seconds(*skew));
    const bool is_wrong = *skew >= kTellingSkew || *skew <= -kTellingSkew;
    if (std::exchange(clock_is_wrong_, is_wrong) != is_wrong && options_.clock_is_wrong)
      options_.clock_is_wrong(is_wrong ? *skew : base::Duration{});
  }

  using Go = std::move_only_function<void(base::Result<http::Client*>)>;

  static void refuse(Watch& watch, base::Error why) { watch.end_with(std::move(why)); }
  static void refuse(Follow& follow, base::Error why) { follow.finished(fail(std::move(why))); }

  // At once when credentials are at hand.
  void with_client(Go go) {
    if (const Credential* now = credentials_->current(); now != nullptr && waiting_.empty()) {
      auto client = client_for(*now);
      if (client) return go(*client);
      loop_.post([go = std::move(go), why = std::move(client.error())]() mutable { go(fail(std::move(why))); });
      return;
    }
    waiting_.push_back(std::move(go));
    if (waiting_.size() == 1) credentials_->fetch([this](base::Result<void> how) { fetched(std::move(how)); });
  }

  void fetched(base::Result<void> how) {
    const Credential* now = credentials_->current();
    base::Result<http::Client*> client =
        !how ? base::Result<http::Client*>(fail(how.error()))
        : now != nullptr
            ? client_for(*now)
            : base::Result<http::Client*>(
                  fail(Code::Unauthorized, "the credentials have expired already: is this machine's clock wrong?"));
    const std::weak_ptr<bool> alive = alive_;
    for (Go& go : std::exchange(waiting_, {})) {
      go(client);
      if (alive.expired()) return;
    }
  }

  // The client that shows this certificate; the token is shown by each request.
  base::Result<http::Client*> client_for(const Credential& shown) {
    if (!clients_.empty() && shown.certificate == certificate_) return clients_.back().get();
    auto tls = tls_of(connection_, shown);
    if (!tls) return fail(tls.error());
    // Older clients end with their last call.
    std::erase_if(clients_, [](const auto& client) { return client->connections_open() == 0; });
    http::ClientOptions options{.tls = *tls,
                                .server_name = connection_.server_name,
                                .proxy = proxy_,
                                .connections = options_.at_once,
                                .waiting = options_.waiting,
                                .body_bytes = options_.answer,
                                .dead_time = options_.dead};
    options.headers.add("User-Agent", connection_.user_agent);
    if (!connection_.as.empty()) options.headers.add("Impersonate-User", connection_.as);
    for (const std::string& group : connection_.as_groups) options.headers.add("Impersonate-Group", group);
    clients_.push_back(std::make_unique<http::Client>(loop_, endpoint_, std::move(options)));
    certificate_ = shown.certificate;
    return clients_.back().get();
  }

  void sign(http::Outgoing& request) {
    const Credential* now = credentials_->current();
    if (now != nullptr && !now->token.empty()) request.headers.add("Authorization", "Bearer " + now->token);
  }

  runtime::Family<runtime::Counter>* requests_ = nullptr;
  runtime::Gauge *under_way_ = nullptr, *skew_ = nullptr;
  bool clock_is_wrong_ = false;
  Connection connection_;
  http::Endpoint endpoint_;
  std::optional<http::Proxy> proxy_;
  std::unique_ptr<Credentials> credentials_;
  std::vector<Go> waiting_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  std::map<std::uint64_t, std::unique_ptr<http::Call>> calls_;
  std::uint64_t last_ = 0;
  std::string certificate_;
  std::vector<std::unique_ptr<http::Client>> clients_;
};

HttpsClient::HttpsClient(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
HttpsClient::~HttpsClient() = default;

base::Result<std::unique_ptr<HttpsClient>> HttpsClient::make(runtime::real::Loop& loop, const Connection& connection,
                                                             runtime::Metrics* metrics, HttpsOptions options) {
  auto url = http::parse_url(connection.server);
  if (!url) return fail(url.error());
  std::optional<http::Proxy> proxy;
  if (!connection.proxy.empty()) {
    auto parsed = http::parse_proxy(connection.proxy);
    if (!parsed)
      return fail(parsed.error().code, connection.origin.file + ": cluster \"" + connection.origin.cluster +
                                           "\": proxy-url: " + parsed.error().message);
    proxy = std::move(*parsed);
  }
  auto impl = std::make_unique<Impl>(loop, connection, url->endpoint, std::move(proxy), metrics, std::move(options));
  if (auto ready = impl->prepare(); !ready) return fail(ready.error());
  return std::unique_ptr<HttpsClient>(new HttpsClient(std::move(impl)));
}

void HttpsClient::call(Request request, Completion done) {
  http::Outgoing out{.method = method_of(request.verb), .target = url_of(request)};
  if (!request.body.is_null()) {
    out.headers.add("Content-Type", content_type_of(request));
    out.body = http::bytes_of(data::to_json(request.body));
  }
  impl_->send(std::move(out), [this, verb = name_of(request.verb), resource = request.resource,
                               done = std::move(done)](base::Result<http::Response> response) mutable {
    impl_->count(verb, resource, response ? response->status : 0);
    Answer answer = response ? answer_of(*response) : Answer(fail(response.error()));
    if (response && !answer) answer = fail(impl_->explain(std::move(answer.error())));
    done(std::move(answer));
  });
}

std::unique_ptr<WatchHandle> HttpsClient::watch(WatchRequest request, WatchSink& sink) {
  auto explain = [impl = impl_.get()](base::Error e) { return impl->explain(std::move(e)); };
  auto told = [impl = impl_.get(), resource = request.resource](int status) { impl->count("watch", resource, status); };
  auto watch = std::make_shared<Watch>(impl_->loop_, sink, std::move(explain), std::move(told), impl_->options_.event);
  impl_->stream(watch,
                {.target = url_of(request), .headers = {{"Accept", kJson}}, .silence = impl_->silence_of(request)});
  return std::make_unique<Handle>(std::move(watch));
}

void HttpsClient::raw(std::string path, std::string body, std::move_only_function<void(base::Result<std::string>)> done,
                      std::string accept) {
  http::Outgoing out{.method = body.empty() ? "GET" : "POST", .target = std::move(path)};
  if (!accept.empty()) out.headers.add("Accept", std::move(accept));
  if (!body.empty()) {
    out.headers.add("Content-Type", "application/json");
    out.body = http::bytes_of(std::move(body));
  }
  impl_->send(std::move(out), [this, done = std::move(done)](base::Result<http::Response> response) mutable {
    if (!response)
      done(fail(response.error()));
    else if (response->status >= 300)
      done(fail(impl_->explain(error_of(response->status, response->headers, response->body))));
    else
      done(std::move(response->body));
  });
}

std::unique_ptr<WatchHandle> HttpsClient::follow(std::string path, TextSink& sink) {
  auto follow =
      std::make_shared<Follow>(sink, [impl = impl_.get()](base::Error e) { return impl->explain(std::move(e)); });
  impl_->stream(follow, {.target = std::move(path), .headers = {{"Accept", kJson}}});
  return std::make_unique<FollowHandle>(std::move(follow));
}

}  // namespace slipway::client
