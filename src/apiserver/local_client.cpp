#include "apiserver/local_client.h"

#include <deque>

#include "apiserver/frame.h"
#include "client/status.h"

namespace slipway::apiserver {
namespace {

using client::WatchEvent;
using data::Value;

Verb verb_of(const client::Request& request) {
  switch (request.verb) {
    case client::Verb::Get:
      return Verb::Get;
    case client::Verb::List:
      return Verb::List;
    case client::Verb::Create:
      return Verb::Create;
    case client::Verb::Update:
      return Verb::Update;
    case client::Verb::Patch:
      return Verb::Patch;
    case client::Verb::Delete:
      return request.name.empty() ? Verb::DeleteCollection : Verb::Delete;
  }
  return Verb::Get;
}

Media media_of(const client::Request& request) {
  if (request.verb != client::Verb::Patch) return Media::Json;
  switch (request.patch_type) {
    case client::PatchType::Json:
      return Media::JsonPatch;
    case client::PatchType::Merge:
      return Media::MergePatch;
    case client::PatchType::Strategic:
      return Media::StrategicPatch;
    case client::PatchType::Apply:
      return Media::ApplyPatch;
  }
  return Media::Json;
}

Target target_of(const client::Resource& resource, std::string space) {
  return {.group = resource.group, .version = resource.version, .plural = resource.plural, .space = std::move(space)};
}

ApiRequest request_of(client::Request request, const Identity& who) {
  ApiRequest out{.who = who,
                 .verb = verb_of(request),
                 .target = target_of(request.resource, std::move(request.space)),
                 .user_agent = who.user};
  out.target.name = std::move(request.name);
  out.target.subresource = std::move(request.subresource);
  // The URL of a creation names the collection; only a subresource's (pods/X/binding) names the object.
  if (out.verb == Verb::Create && out.target.subresource.empty()) out.target.name.clear();
  out.options = {.label_selector = std::move(request.label_selector),
                 .field_selector = std::move(request.field_selector),
                 .limit = request.limit,
                 .continue_token = std::move(request.continue_token),
                 .resource_version = std::move(request.resource_version),
                 .dry_run = request.dry_run,
                 .field_manager = std::move(request.field_manager),
                 .force = request.force,
                 .validation = Validation::Strict};
  if (!request.body.is_null()) out.body = ParsedBody{media_of(request), std::move(request.body)};
  return out;
}

client::Answer answer_of(Response response) {
  if (response.error) return base::fail(std::move(*response.error));
  if (auto* single = std::get_if<Single>(&response.body)) return std::move(single->object);
  if (auto* listing = std::get_if<Listing>(&response.body)) return list_value(*listing);
  if (auto* text = std::get_if<Text>(&response.body)) return Value(*text->bytes);
  return base::fail(base::Code::BadRequest, "a stream cannot be the answer to a single call");
}

// A watch between the server's stream and the caller's sink. Owned by the handle and by the tasks under way.
class LocalWatch final : public StreamSink, public std::enable_shared_from_this<LocalWatch> {
 public:
  LocalWatch(runtime::Loop& loop, client::WatchSink& sink) : loop_(loop), sink_(&sink) {}

  void opened(Response response) {
    if (sink_ == nullptr) return;
    if (response.error) return end(std::move(*response.error));
    stream_ = std::move(std::get<std::unique_ptr<Stream>>(response.body));
    stream_->start(*this);
  }

  // The caller has lost interest.
  void close() {
    sink_ = nullptr;
    stream_.reset();
  }

 private:
  void frame(const FramePtr& frame, const Form&) override {
    if (frame->type() == FrameType::Error) return end(client::error_of_status(frame->object(), 500));
    queue_.push_back({kind_of(frame->type()), frame->object()});
    schedule();
  }
  void data(std::string_view) override {}
  void ended() override { end({.code = base::Code::Timeout, .message = "the server has ended the watch"}); }

  static WatchEvent::Kind kind_of(FrameType type) {
    if (type == FrameType::Added) return WatchEvent::Kind::Added;
    if (type == FrameType::Modified) return WatchEvent::Kind::Modified;
    return type == FrameType::Deleted ? WatchEvent::Kind::Deleted : WatchEvent::Kind::Bookmark;
  }

  void end(base::Error why) {
    if (!why_) why_ = std::move(why);
    schedule();
  }

  void schedule() {
    if (std::exchange(scheduled_, true)) return;
    loop_.post([self = shared_from_this()] { self->deliver(); });
  }

  void deliver() {
    scheduled_ = false;
    while (sink_ != nullptr && !queue_.empty()) {
      WatchEvent event = std::move(queue_.front());
      queue_.pop_front();
      sink_->event(event);
    }
    if (sink_ != nullptr && why_) std::exchange(sink_, nullptr)->ended(std::move(*why_));
  }

  runtime::Loop& loop_;
  client::WatchSink* sink_;  // null once closed or ended
  std::unique_ptr<Stream> stream_;
  std::deque<WatchEvent> queue_;
  std::optional<base::Error> why_;
  bool scheduled_ = false;
};

class LocalHandle final : public client::WatchHandle {
 public:
  explicit LocalHandle(std::shared_ptr<LocalWatch> watch) : watch_(std::move(watch)) {}
  ~LocalHandle() override { watch_->close(); }

 private:
  std::shared_ptr<LocalWatch> watch_;
};

}  // namespace

Identity part_identity(std::string user) { return {.user = std::move(user), .groups = {"system:authenticated"}}; }

LocalClient::LocalClient(ApiServer& server, runtime::Loop& loop, Identity who)
    : server_(server), loop_(loop), who_(std::move(who)) {}

void LocalClient::call(client::Request request, client::Completion done) {
  loop_.post([this, request = request_of(std::move(request), who_), done = std::move(done),
              alive = std::weak_ptr(alive_)]() mutable {
    if (alive.expired()) return;
    server_.run(std::move(request), [&loop = loop_, done = std::move(done)](Response response) mutable {
      loop.post(
          [done = std::move(done), answer = answer_of(std::move(response))]() mutable { done(std::move(answer)); });
    });
  });
}

std::unique_ptr<client::WatchHandle> LocalClient::watch(client::WatchRequest request, client::WatchSink& sink) {
  ApiRequest out{.who = who_,
                 .verb = Verb::Watch,
                 .target = target_of(request.resource, std::move(request.space)),
                 .user_agent = who_.user};
  out.options = {.label_selector = std::move(request.label_selector),
                 .field_selector = std::move(request.field_selector),
                 .resource_version = std::move(request.resource_version),
                 .allow_bookmarks = true};
  if (request.timeout_seconds > 0) out.options.timeout = base::seconds(request.timeout_seconds);
  auto watch = std::make_shared<LocalWatch>(loop_, sink);
  loop_.post([this, watch, out = std::move(out), alive = std::weak_ptr(alive_)]() mutable {
    if (alive.expired()) return;
    server_.run(std::move(out), [watch](Response response) { watch->opened(std::move(response)); });
  });
  return std::make_unique<LocalHandle>(std::move(watch));
}

}  // namespace slipway::apiserver
