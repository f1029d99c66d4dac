#include "client/https_client.h"

#include "base/strings.h"
#include "client/status.h"
#include "data/json.h"
#include "http/client.h"

namespace slipway::client {
namespace {

using base::fail;
using data::Value;

// Servers send a bookmark about once a minute; this long without a byte means that the connection is dead.
constexpr base::Duration kWatchSilence = base::minutes(3);
constexpr const char* kJson = "application/json, */*";
constexpr std::size_t kMaxEvent = 16u << 20;
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

// Tells the refusal of a stream from its content: the body of an error status is collected.
class Refusable : public http::StreamSink {
 public:
  void head(const http::Response& response) final {
    status_ = response.status;
    headers_ = response.headers;
  }
  void data(std::string_view bytes) final {
    if (status_ < 300) return content(bytes);
    if (refusal_.size() < kMaxRefusal) refusal_ += bytes;
  }
  void ended(base::Result<void> how) final {
    if (how && status_ >= 300) how = fail(error_of(status_, headers_, refusal_));
    finished(std::move(how));
  }

 protected:
  virtual void content(std::string_view bytes) = 0;
  virtual void finished(base::Result<void> how) = 0;

 private:
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
  Watch(runtime::Loop& loop, WatchSink& sink) : loop_(loop), sink_(&sink) {}
  void open(http::Client& client, http::Outgoing request) { call_ = client.stream(std::move(request), *this); }

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
      if (line_.size() > kMaxEvent)
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

  void finished(base::Result<void> how) override {
    end_with(how ? base::Error{.code = base::Code::Timeout, .message = "the server has ended the watch"} : how.error());
  }

  void end_with(base::Error why) {
    auto self = shared_from_this();
    if (sink_ != nullptr) std::exchange(sink_, nullptr)->ended(std::move(why));
  }

  runtime::Loop& loop_;
  WatchSink* sink_;
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

class Follow final : public Refusable, public WatchHandle {
 public:
  explicit Follow(HttpsClient::TextSink& sink) : sink_(sink) {}
  void open(http::Client& client, http::Outgoing request) { call_ = client.stream(std::move(request), *this); }

 private:
  void content(std::string_view bytes) override { sink_.data(bytes); }
  void finished(base::Result<void> how) override { sink_.ended(std::move(how)); }
  HttpsClient::TextSink& sink_;
  std::unique_ptr<http::Call> call_;
};

base::Result<std::shared_ptr<const http::TlsContext>> tls_of(const Connection& c, bool tls) {
  if (!tls) return std::shared_ptr<const http::TlsContext>();
  return http::TlsContext::make(
      http::TlsContext::Client{.ca = c.ca, .certificate = c.certificate, .key = c.key, .insecure = c.insecure});
}

}  // namespace

class HttpsClient::Impl {
 public:
  Impl(runtime::real::Loop& loop, http::Endpoint endpoint, http::ClientOptions options)
      : loop_(loop), client_(loop, std::move(endpoint), std::move(options)) {}

  using Done = std::move_only_function<void(base::Result<http::Response>)>;
  void send(http::Outgoing request, Done done) {
    if (!request.headers.has("Accept")) request.headers.add("Accept", kJson);
    std::uint64_t id = ++last_;
    auto finish = [this, id, done = std::move(done)](base::Result<http::Response> response) mutable {
      auto call = std::move(calls_.extract(id).mapped());
      done(std::move(response));
    };
    calls_[id] = client_.send(std::move(request), std::move(finish));
  }

  runtime::real::Loop& loop_;
  std::map<std::uint64_t, std::unique_ptr<http::Call>> calls_;
  std::uint64_t last_ = 0;
  http::Client client_;
};

HttpsClient::HttpsClient(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
HttpsClient::~HttpsClient() = default;

base::Result<std::unique_ptr<HttpsClient>> HttpsClient::make(runtime::real::Loop& loop, const Connection& connection) {
  auto url = http::parse_url(connection.server);
  if (!url) return fail(url.error());
  auto tls = tls_of(connection, url->tls);
  if (!tls) return fail(tls.error());
  http::ClientOptions options{
      .tls = *tls, .server_name = connection.server_name, .headers = {{"User-Agent", connection.user_agent}}};
  if (!connection.token.empty()) options.headers.add("Authorization", "Bearer " + connection.token);
  auto impl = std::make_unique<Impl>(loop, url->endpoint, std::move(options));
  return std::unique_ptr<HttpsClient>(new HttpsClient(std::move(impl)));
}

void HttpsClient::call(Request request, Completion done) {
  http::Outgoing out{.method = method_of(request.verb), .target = url_of(request)};
  if (!request.body.is_null()) {
    out.headers.add("Content-Type", content_type_of(request));
    out.body = http::bytes_of(data::to_json(request.body));
  }
  impl_->send(std::move(out), [done = std::move(done)](base::Result<http::Response> response) mutable {
    done(response ? answer_of(*response) : Answer(fail(response.error())));
  });
}

std::unique_ptr<WatchHandle> HttpsClient::watch(WatchRequest request, WatchSink& sink) {
  auto watch = std::make_shared<Watch>(impl_->loop_, sink);
  watch->open(impl_->client_, {.target = url_of(request), .headers = {{"Accept", kJson}}, .silence = kWatchSilence});
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
  impl_->send(std::move(out), [done = std::move(done)](base::Result<http::Response> response) mutable {
    if (!response)
      done(fail(response.error()));
    else if (response->status >= 300)
      done(fail(error_of(response->status, response->headers, response->body)));
    else
      done(std::move(response->body));
  });
}

std::unique_ptr<WatchHandle> HttpsClient::follow(std::string path, TextSink& sink) {
  auto follow = std::make_unique<Follow>(sink);
  follow->open(impl_->client_, {.target = std::move(path), .headers = {{"Accept", kJson}}});
  return follow;
}

}  // namespace slipway::client
