// Keeps up with one resource, in one namespace or in all: a list, then a watch, again and again.
//
// The rules (Kubernetes API concepts: "Efficient detection of changes", "Retrieving large results sets in chunks"):
//  - A watch asks for bookmarks, and the server ends it after a random time between `watch_time` and twice that, so
//    that the watches of many processes do not come back in step. A watch that was ended or lost goes on from the
//    newest revision seen, bookmarks included; nothing is listed again.
//  - A revision that the server does not know (410 after compaction, or a server that began again from an older state)
//    asks for a new list.
//  - Lists come in pages. A page that is too large for us is asked for again at half its size; a continue token that
//    expired begins the list anew, and after the second time without pages.
//  - After a failure it waits, twice as long after each in a row, with jitter, and never shorter than the server's
//    Retry-After. Only a watch that lived ends a row of failures: a list that works is no proof that the watch will.
//  - Whoever has to know what is true now, and not some time ago, lists once more (`refresh`): a list without a
//    resourceVersion is a consistent read. Revisions do not tell: what a list or bookmark carries is one of the whole
//    store, and a watch of a quiet resource stays behind it until the next bookmark.
//  - A kind that the server does not serve has no objects; it is looked for again ever more slowly. So does an optional
//    one that we may not read.
// Lives on the control loop. Time and chance come from outside.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "client/api_client.h"
#include "runtime/loop.h"

namespace slipway::client {

// What is kept of an object. Null: all of it.
using Projection = data::Value (*)(data::Value object);

struct FeedOptions {
  std::string space = {};     // namespace; empty: all
  Projection keep = nullptr;  // name, namespace, uid, resourceVersion and owners must stay
  bool optional = false;      // can be done without
  std::int64_t page = 500;    // objects per list request
  base::Duration watch_time = base::minutes(5);
};

class Feed {
 public:
  class Listener {
   public:
    virtual ~Listener() = default;
    // What is held under the name of this object; null: nothing. An unchanged object is not kept twice.
    virtual const data::Value& held(const data::Value& object) const = 0;
    // Everything there is in the feed's namespaces, and nothing else.
    virtual void listed(const Feed& feed, std::vector<data::Value> objects) = 0;
    virtual void put(const data::Value& object) = 0;
    virtual void removed(const data::Value& object) = 0;
    virtual void progressed() = 0;  // `synced` or `revision` has moved
    // `trouble` has begun, has become another, or has ended.
    virtual void troubled(const Feed& feed) = 0;
    enum class What { Page, Listed, Watch };
    enum class Why {
      Begin,    // for the first time; a watch: after a list
      Expired,  // the revision or the continue token is not known any more
      Ended,    // the server ended the watch in its time
      Failed,   // no answer, or a refusal
      Refresh,  // a list: to be current
    };
    // A request is sent (for counting).
    virtual void asks(What what, Why why) = 0;
  };

  Feed(ApiClient& api, runtime::Loop& loop, runtime::Random& random, const Resource& resource, FeedOptions options,
       Listener& listener);
  ~Feed();
  Feed(const Feed&) = delete;

  void start();
  // Lists once more, when it has begun to: from `current` on, nothing is held that is older than this call.
  void refresh();
  const std::string& space() const { return options_.space; }
  bool synced() const { return synced_; }  // has completed its first list
  bool current() const { return synced_ && !refreshing_; }
  // Why there are no objects: the server does not know this kind (NotFound), or an optional one may not be read
  // (Forbidden). Null when there is no such reason.
  const base::Error* absence() const { return absence_ ? &*absence_ : nullptr; }
  void require() { options_.optional = false; }
  std::uint64_t revision() const { return revision_; }  // newest resourceVersion seen
  // What keeps it from being current: a refusal that only a person can change at once, others from the third in a row
  // on. Null while all is well.
  const base::Error* trouble() const { return trouble_ ? &*trouble_ : nullptr; }

 private:
  using What = Listener::What;
  using Why = Listener::Why;
  class Watching;
  friend class Watching;
  struct Pages;
  void list(Why why);
  void ask_page(std::shared_ptr<Pages> pages, std::string continue_token);
  void take_page(const std::shared_ptr<Pages>& pages, const data::Value& list);
  void page_failed(const Pages& pages, const base::Error& why);
  void complete(std::vector<data::Value> objects, std::uint64_t revision);
  void refreshed();
  void watch(Why why);
  void event(const WatchEvent& event);
  void ended(const base::Error& why);
  void retry(const base::Error& why, bool listing);
  base::Duration wait_after(const base::Error& why);
  bool is_absence(const base::Error& why) const;
  void tell_trouble(std::optional<base::Error> now);
  data::Value kept(const data::Value& object) const;

  ApiClient& api_;
  runtime::Loop& loop_;
  runtime::Random& random_;
  const Resource& resource_;
  FeedOptions options_;
  Listener& listener_;
  const data::Value kind_, api_version_;
  std::unique_ptr<Watching> watching_;
  runtime::Timer again_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  base::MonoTime watch_began_ = {};
  std::optional<base::Error> absence_, trouble_;
  std::uint64_t lists_ = 0;  // tells answers of a list that was begun anew
  int failures_ = 0;         // in a row
  int expired_pages_ = 0;    // in a row
  bool synced_ = false;
  bool refreshing_ = false;
  std::uint64_t revision_ = 0;
};

}  // namespace slipway::client
