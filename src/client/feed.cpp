#include "client/feed.h"

#include <algorithm>
#include <utility>

#include "api/meta.h"
#include "base/strings.h"

namespace slipway::client {
namespace {

using base::Code;
using data::Value;

constexpr base::Duration kBackoffBase = base::milliseconds(100);
constexpr int kBackoffDoublings = 8;  // up to 25.6 s, before jitter
// A watch that has lived this long was a good one, even if nothing happened.
constexpr base::Duration kLived = base::seconds(5);
constexpr int kPassing = 3;       // failures in a row that are nobody's business yet, but for this many
constexpr int kMostExpiries = 2;  // of continue tokens in a row; then the list comes in one piece

std::uint64_t revision_of(const Value& object) { return base::parse_uint(api::version_of(object)).value_or(0); }

// Our revision means nothing to the server: it was compacted, or the server began again from an older state; or the
// kind has gone.
bool asks_for_list(const base::Error& why) {
  const bool ahead =
      std::ranges::any_of(why.causes, [](const base::Cause& c) { return c.reason == "ResourceVersionTooLarge"; });
  return why.code == Code::Expired || why.code == Code::NotFound || ahead;
}

}  // namespace

// A list under way.
struct Feed::Pages {
  std::uint64_t list = 0;
  std::vector<Value> objects;
  std::int64_t size = 0;  // objects per page; 0: all
  bool continues = false;
};

// The sink of one watch. Ending never destroys it on the spot: the feed goes on in a later task.
class Feed::Watching final : public WatchSink {
 public:
  Watching(Feed& feed, std::int64_t seconds) : feed_(feed) {
    handle_ = feed.api_.watch({.resource = feed.resource_,
                               .space = feed.options_.space,
                               .resource_version = std::to_string(feed.revision_),
                               .timeout_seconds = seconds},
                              *this);
  }
  void event(const WatchEvent& event) override { feed_.event(event); }
  void ended(base::Error why) override { feed_.ended(why); }

 private:
  Feed& feed_;
  std::unique_ptr<WatchHandle> handle_;
};

Feed::Feed(ApiClient& api, runtime::Loop& loop, runtime::Random& random, const Resource& resource, FeedOptions options,
           Listener& listener)
    : api_(api),
      loop_(loop),
      random_(random),
      resource_(resource),
      options_(std::move(options)),
      listener_(listener),
      kind_(resource.kind),
      api_version_(resource.api_version()) {}

Feed::~Feed() { *alive_ = false; }

void Feed::start() { list(Why::Begin); }

void Feed::refresh() {
  if (lists_ == 0) return;
  refreshing_ = true;
  list(Why::Refresh);
}

// --- listing ----------------------------------------------------------------------------------------------

void Feed::list(Why why) {
  watching_.reset();
  again_.cancel();
  listener_.asks(What::Listed, why);
  auto pages = std::make_shared<Pages>();
  pages->list = ++lists_;
  if (expired_pages_ < kMostExpiries) pages->size = options_.page;
  ask_page(std::move(pages), {});
}

void Feed::ask_page(std::shared_ptr<Pages> pages, std::string continue_token) {
  listener_.asks(What::Page, Why::Begin);
  pages->continues = !continue_token.empty();
  Request request{.verb = Verb::List,
                  .resource = resource_,
                  .space = options_.space,
                  .limit = pages->size,
                  .continue_token = std::move(continue_token)};
  api_.call(std::move(request), [this, alive = alive_, pages = std::move(pages)](Answer answer) {
    if (!*alive || pages->list != lists_) return;
    if (!answer) return page_failed(*pages, answer.error());
    take_page(pages, *answer);
  });
}

void Feed::take_page(const std::shared_ptr<Pages>& pages, const Value& list) {
  for (const Value& item : list["items"].items()) {
    const Value& held = listener_.held(item);
    const bool same = !held.is_null() && api::version_of(held) == api::version_of(item);
    pages->objects.push_back(same ? held : kept(item));
  }
  std::string next = list["metadata"]["continue"].str();
  if (!next.empty()) return ask_page(pages, std::move(next));
  if (absence_) failures_ = 0;
  absence_.reset();
  expired_pages_ = 0;
  tell_trouble({});
  complete(std::move(pages->objects), revision_of(list));
  watch(Why::Begin);
}

// A cluster without this CustomResourceDefinition, or whose people use something else: controllers can work without. A
// right that is taken away later leaves the objects as they were last seen.
bool Feed::is_absence(const base::Error& why) const {
  if (why.code == Code::NotFound) return true;
  return why.code == Code::Forbidden && options_.optional && (!synced_ || absence_);
}

void Feed::page_failed(const Pages& pages, const base::Error& why) {
  if (is_absence(why)) {
    const bool is_new = !synced_ || !absence_;
    absence_ = why;
    if (is_new) complete({}, revision_);
    refreshed();
  } else if (why.code == Code::Forbidden && options_.optional) {
    refreshed();
  } else if (why.code == Code::TooLarge && pages.size > 1) {
    options_.page = pages.size / 2;
  } else if (why.code == Code::Expired && pages.continues) {
    ++expired_pages_;
  }
  retry(why, true);
}

void Feed::complete(std::vector<Value> objects, std::uint64_t revision) {
  revision_ = revision;
  synced_ = true;
  refreshing_ = false;
  listener_.listed(*this, std::move(objects));
  listener_.progressed();
}

// There is no more to know.
void Feed::refreshed() {
  if (!std::exchange(refreshing_, false)) return;
  listener_.progressed();
}

// Items of a list may leave out what the list says for all of them; said here, it is one string for all objects.
Value Feed::kept(const Value& object) const {
  Value out = object;
  out.set("kind", kind_);
  out.set("apiVersion", api_version_);
  return options_.keep != nullptr ? options_.keep(std::move(out)) : out;
}

// --- watching ---------------------------------------------------------------------------------------------

void Feed::watch(Why why) {
  watching_.reset();
  listener_.asks(What::Watch, why);
  watch_began_ = loop_.mono();
  const std::int64_t least = std::max<std::int64_t>(1, options_.watch_time / base::seconds(1));
  const auto more = static_cast<std::int64_t>(random_.below(static_cast<std::uint64_t>(least)));
  watching_ = std::make_unique<Watching>(*this, least + more);
}

void Feed::event(const WatchEvent& event) {
  failures_ = 0;
  tell_trouble({});
  if (event.kind == WatchEvent::Kind::Deleted)
    listener_.removed(event.object);
  else if (event.kind != WatchEvent::Kind::Bookmark)
    listener_.put(kept(event.object));
  revision_ = std::max(revision_, revision_of(event.object));
  listener_.progressed();
}

void Feed::ended(const base::Error& why) {
  const bool lived = loop_.mono() - watch_began_ >= kLived;
  if (lived) failures_ = 0;
  if (!lived || why.code != Code::Timeout) return retry(why, asks_for_list(why));
  again_ = loop_.after({}, [this] { watch(Why::Ended); });
}

// --- after a failure --------------------------------------------------------------------------------------

void Feed::retry(const base::Error& why, bool listing) {
  const base::Duration wait = wait_after(why);
  const bool absent = is_absence(why), expired = !absent && asks_for_list(why);
  const bool refused = why.code == Code::Forbidden || why.code == Code::Unauthorized;
  const bool passing = failures_ < kPassing && !refused;
  if (!absent && !expired && !passing) tell_trouble(why);
  const Why reason = expired ? Why::Expired : Why::Failed;
  again_ = loop_.after(wait, [this, listing, reason] { listing ? list(reason) : watch(reason); });
}

base::Duration Feed::wait_after(const base::Error& why) {
  const double chance = random_.unit();
  double wait = base::to_seconds(kBackoffBase) * static_cast<double>(1 << std::min(failures_++, kBackoffDoublings));
  wait *= 0.5 + chance;
  if (why.retry_after) wait = std::max(wait, base::to_seconds(*why.retry_after) * (1 + chance / 2));
  return base::from_seconds(wait);
}

void Feed::tell_trouble(std::optional<base::Error> now) {
  const bool same = now.has_value() == trouble_.has_value() && (!now || now->code == trouble_->code);
  trouble_ = std::move(now);
  if (!same) listener_.troubled(*this);
}

}  // namespace slipway::client
