#include "apiserver/http_front.h"

#include <set>

#include "apiserver/frame.h"
#include "apiserver/url.h"

namespace slipway::apiserver {
namespace {

using base::fail;

constexpr std::string_view kBearer = "Bearer ";

Identity authenticated(Identity who) {
  if (!who.is_in("system:authenticated")) who.groups.push_back("system:authenticated");
  return who;
}

http::Headers headers_of(const Rendered& rendered) {
  http::Headers headers;
  if (!rendered.content_type.empty()) headers.add("Content-Type", rendered.content_type);
  for (const auto& [name, value] : rendered.headers) headers.add(name, value);
  if (!headers.has("Cache-Control")) headers.add("Cache-Control", "no-cache, private");
  return headers;
}

// A stream on its way to one client. Lives on the control loop; ends when the stream or the client does.
class Outlet final : public StreamSink {
 public:
  Outlet(runtime::Loop& loop, http::ResponseWriter writer, std::unique_ptr<Stream> stream)
      : loop_(loop), writer_(std::move(writer)), stream_(std::move(stream)) {}

  // `gone` runs on an I/O thread when the client has left.
  void start(std::move_only_function<void()> gone, std::function<void()> finished) {
    finished_ = std::move(finished);
    writer_.on_gone(std::move(gone));
    http::Headers headers{{"Content-Type", stream_->content_type()}, {"Cache-Control", "no-cache, private"}};
    writer_.begin(200, std::move(headers));
    stream_->start(*this);
  }

 private:
  void frame(const FramePtr& frame, const Form& form) override { send(frame->bytes(form, loop_.now())); }
  void data(std::string_view bytes) override { send(std::make_shared<const std::string>(bytes)); }

  void ended() override {
    if (std::exchange(done_, true)) return;
    writer_.end();
    finished_();
  }

  void send(Bytes bytes) {
    if (done_ || writer_.write(std::move(bytes))) return;
    done_ = true;  // gone, or too slow: its backlog is full
    finished_();
  }

  runtime::Loop& loop_;
  http::ResponseWriter writer_;
  std::unique_ptr<Stream> stream_;
  std::function<void()> finished_;
  bool done_ = false;
};

}  // namespace

base::Result<Identity> authenticate(const http::Request& request, const FrontOptions& options) {
  if (const auto& certificate = request.peer.certificate)
    return authenticated({.user = certificate->common_name, .groups = certificate->organizations});
  std::string_view header = request.headers.get("Authorization");
  if (header.starts_with(kBearer)) {
    auto found = options.tokens.find(std::string(header.substr(kBearer.size())));
    if (found == options.tokens.end()) return fail(base::Code::Unauthorized, "Unauthorized");
    return authenticated(found->second);
  }
  if (!request.peer.tls && options.plain_caller) return *options.plain_caller;
  return Identity{.user = "system:anonymous", .groups = {"system:unauthenticated"}};
}

class HttpFront::Impl {
 public:
  Impl(ApiServer& server, runtime::Loop& loop, FrontOptions options)
      : server_(server), loop_(loop), options_(std::move(options)) {}

  ~Impl() {
    http_.reset();  // no handler runs after this
    outlets_.clear();
  }

  base::Result<void> listen() {
    http::ServerOptions options{.listeners = std::move(options_.listeners), .io_threads = options_.io_threads};
    auto started = http::Server::start(std::move(options), [this](http::Request request, http::ResponseWriter writer) {
      handle(std::move(request), std::move(writer));
    });
    if (!started) return fail(started.error());
    http_ = std::move(*started);
    return {};
  }

  http::Server& http() { return *http_; }

 private:
  // I/O thread.
  void handle(http::Request request, http::ResponseWriter writer) {
    if (!options_.seen) return answer(std::move(request), std::move(writer), {});
    auto copy = std::make_shared<const http::Request>(request);
    answer(std::move(request), std::move(writer), [this, copy](int status) { options_.seen(*copy, status); });
  }

  using Seen = std::function<void(int status)>;
  void answer(http::Request request, http::ResponseWriter writer, Seen seen) {
    auto who = authenticate(request, options_);
    if (!who) return send(writer, Response::of(who.error()), {}, seen);
    HttpParts parts{.method = request.method,
                    .target = request.target,
                    .content_type = request.headers.get("Content-Type"),
                    .accept = request.headers.get("Accept"),
                    .user_agent = request.headers.get("User-Agent"),
                    .if_none_match = request.headers.get("If-None-Match"),
                    .body = std::move(request.body)};
    auto parsed = parse_request(std::move(parts), std::move(*who));
    if (!parsed) return send(writer, Response::of(parsed.error()), {}, seen);
    auto* about_object = std::get_if<ApiRequest>(&*parsed);
    Form form = about_object ? about_object->form : Form{};
    server_.handle(std::move(*parsed), [this, form, seen = std::move(seen), alive = std::weak_ptr(alive_),
                                        writer = std::move(writer)](Response response) mutable {
      if (alive.expired()) return;  // stopped meanwhile: the client sees its connection cut
      auto* stream = std::get_if<std::unique_ptr<Stream>>(&response.body);
      if (stream == nullptr) return send(writer, std::move(response), form, seen);
      if (seen) seen(response.status);
      begin(std::move(writer), std::move(*stream));
    });
  }

  void send(http::ResponseWriter& writer, Response response, const Form& form, const Seen& seen) const {
    if (seen) seen(response.status);
    writer.respond([response = std::move(response), form, now = server_.wall_now()]() -> http::WholeAnswer {
      Rendered rendered = render(response, form, now);
      return {rendered.status, headers_of(rendered), rendered.bytes};
    });
  }

  // Control loop.
  void begin(http::ResponseWriter writer, std::unique_ptr<Stream> stream) {
    std::uint64_t id = ++last_;
    auto forget = [this, id, alive = std::weak_ptr(alive_)] {
      if (!alive.expired()) outlets_.erase(id);
    };
    auto later = [this, forget, alive = std::weak_ptr(alive_)] {
      if (!alive.expired()) loop_.post(forget);
    };
    auto& outlet = outlets_[id] = std::make_unique<Outlet>(loop_, std::move(writer), std::move(stream));
    outlet->start(later, later);
  }

  ApiServer& server_;
  runtime::Loop& loop_;
  FrontOptions options_;
  std::map<std::uint64_t, std::unique_ptr<Outlet>> outlets_;  // control loop
  std::uint64_t last_ = 0;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  std::unique_ptr<http::Server> http_;
};

HttpFront::HttpFront(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
HttpFront::~HttpFront() = default;

base::Result<std::unique_ptr<HttpFront>> HttpFront::start(ApiServer& server, runtime::Loop& loop,
                                                          FrontOptions options) {
  auto impl = std::make_unique<Impl>(server, loop, std::move(options));
  if (auto listening = impl->listen(); !listening) return fail(listening.error());
  return std::unique_ptr<HttpFront>(new HttpFront(std::move(impl)));
}

const std::vector<std::uint16_t>& HttpFront::ports() const { return impl_->http().ports(); }
void HttpFront::begin_stop() { impl_->http().begin_stop(); }
http::Server::Stats HttpFront::stats() const { return impl_->http().stats(); }

}  // namespace slipway::apiserver
