// The rules that every store keeps, checked against a simple model. Included by the tests of each store.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "store/store.h"

namespace slipway::store::rules {

// A store with its loop, as the tests need it.
class Bed {
 public:
  virtual ~Bed() = default;
  virtual Store& store() = 0;
  // Runs the loop until `done` holds; a test that would wait for ever fails by the runner's own limit.
  virtual void run_until(const std::function<bool()>& done) = 0;
};

// Everything at every revision, kept in the plainest way.
struct Model {
  struct Row {
    std::int64_t value;
    Revision created, modified;
    auto operator<=>(const Row&) const = default;
  };
  using State = std::map<Key, Row>;
  struct Event {
    Change::Kind kind;
    Revision revision;
    Key key;
    std::int64_t value;
    std::optional<std::int64_t> previous;
    bool operator==(const Event&) const = default;
  };

  std::vector<State> states{{}};  // by revision
  std::vector<Event> events;      // event i made revision i + 1
  Revision compacted = 0;

  const State& head() const { return states.back(); }
  Revision revision() const { return states.size() - 1; }

  void put(const Key& key, std::int64_t value) {
    State next = head();
    const auto old = next.find(key);
    const Revision now = revision() + 1;
    std::optional<std::int64_t> previous;
    if (old != next.end()) previous = old->second.value;
    next[key] = Row{value, old == next.end() ? now : old->second.created, now};
    push(std::move(next), {Change::Kind::Put, now, key, value, previous});
  }
  void erase(const Key& key) {
    State next = head();
    const std::int64_t value = next.at(key).value;
    next.erase(key);
    push(std::move(next), {Change::Kind::Delete, revision() + 1, key, value, value});
  }
  // What a watcher of `resource` must hear about revisions in (after, upto].
  std::vector<Event> heard(const std::string& resource, Revision after, Revision upto) const {
    std::vector<Event> out;
    for (const Event& e : events)
      if (e.key.resource == resource && e.revision > after && e.revision <= upto) out.push_back(e);
    return out;
  }

 private:
  void push(State next, Event event) {
    states.push_back(std::move(next));
    events.push_back(std::move(event));
  }
};

inline void PrintTo(const Model::Event& e, std::ostream* os) {
  *os << (e.kind == Change::Kind::Put ? "put " : "delete ") << e.revision << " " << e.key.name << "=" << e.value;
}

inline Model::State rows_of(const Snapshot& snapshot, const std::vector<std::string>& resources) {
  Model::State rows;
  for (const auto& resource : resources)
    snapshot.scan(resource, "", nullptr, [&](const EntryPtr& e) {
      rows[e->key] = {e->object["v"].as_int(), e->created, e->modified};
      return true;
    });
  return rows;
}

struct Recorder final : Watcher {
  std::vector<Model::Event> events;
  Revision progress = 0;
  void changed(const Change& c) override {
    std::optional<std::int64_t> previous;
    if (c.previous) previous = c.previous->object["v"].as_int();
    RC_ASSERT(c.revision > progress);
    RC_ASSERT(c.entry->modified == c.revision);
    events.push_back({c.kind, c.revision, c.entry->key, c.entry->object["v"].as_int(), previous});
  }
  void progressed(Revision r) override {
    RC_ASSERT(r >= progress);
    progress = r;
  }
};

inline const std::vector<std::string> kResources = {"configmaps", "deployments.apps", "pods"};

// Random operations on a store and on the model; every answer and every view must agree.
class Walk {
 public:
  explicit Walk(Bed& bed) : bed_(bed), store_(bed.store()) {}

  void step() {
    switch (*rc::gen::weightedElement<int>({{10, 0}, {4, 1}, {2, 2}, {1, 3}, {2, 4}, {1, 5}, {2, 6}})) {
      case 0:
        return put();
      case 1:
        return erase();
      case 2:
        return subscribe();
      case 3:
        return unsubscribe();
      case 4:
        return look_back();
      case 5:
        return compact();
      default:
        return settle();
    }
  }

  void settle() {
    bed_.run_until([&] { return acknowledged_.size() == model_.revision(); });
    for (Revision r = 1; r <= model_.revision(); ++r) RC_ASSERT(acknowledged_[r - 1] == r);
    published_ = model_.revision();
    bed_.run_until([&] {
      return std::all_of(watches_.begin(), watches_.end(),
                         [&](const auto& w) { return w->recorder.progress == published_; });
    });
    check();
  }

 private:
  struct Watch {
    std::string resource;
    Revision after;
    Recorder recorder;
    std::unique_ptr<Subscription> subscription;
  };

  Key any_key() {
    return Key{*rc::gen::elementOf(kResources), *rc::gen::element<std::string>("", "a", "b", "ba"),
               "n" + std::to_string(*rc::gen::inRange(0, 6))};
  }

  Store::Durable acknowledge(Revision revision) {
    return [this, revision] {
      RC_ASSERT(store_.published()->revision() >= revision);
      acknowledged_.push_back(revision);
    };
  }

  // What the writer expects: nothing, absence, the truth, or something wrong.
  std::optional<Revision> any_expectation(const Key& key) {
    const auto row = model_.head().find(key);
    switch (*rc::gen::inRange(0, 4)) {
      case 0:
        return std::nullopt;
      case 1:
        return 0;
      case 2:
        return row == model_.head().end() ? Revision{0} : row->second.modified;
      default:
        return *rc::gen::inRange<Revision>(1, model_.revision() + 2);
    }
  }

  std::optional<base::Code> refusal(const Key& key, std::optional<Revision> expected) {
    const auto row = model_.head().find(key);
    const bool there = row != model_.head().end();
    if (!expected) return std::nullopt;
    if (*expected == 0) return there ? std::optional(base::Code::AlreadyExists) : std::nullopt;
    if (!there) return base::Code::NotFound;
    return row->second.modified == *expected ? std::nullopt : std::optional(base::Code::Conflict);
  }

  void put() {
    const Key key = any_key();
    const auto expected = any_expectation(key);
    const auto value = *rc::gen::inRange(0, 1000);
    const auto refused = refusal(key, expected);
    const auto result =
        store_.put(key, data::Value::object({{"v", value}}), expected, acknowledge(model_.revision() + 1));
    expect(result, refused);
    if (!refused) model_.put(key, value);
    RC_ASSERT(store_.head()->revision() == model_.revision());
  }

  void erase() {
    const Key key = any_key();
    const auto expected = any_expectation(key);
    auto refused = refusal(key, expected);
    if (!model_.head().contains(key)) refused = base::Code::NotFound;
    const auto result = store_.erase(key, expected, acknowledge(model_.revision() + 1));
    expect(result, refused);
    if (!refused) model_.erase(key);
  }

  void expect(const base::Result<Revision>& result, std::optional<base::Code> refused) {
    RC_ASSERT(result.has_value() == !refused.has_value());
    if (refused) RC_ASSERT(result.error().code == *refused);
    if (result) RC_ASSERT(*result == model_.revision() + 1);
  }

  void subscribe() {
    const Revision after = *rc::gen::inRange<Revision>(0, model_.revision() + 2);
    auto watch = std::make_unique<Watch>(Watch{*rc::gen::elementOf(kResources), after, {}, {}});
    auto subscription = store_.watch(watch->resource, after, watch->recorder);
    const bool valid = after >= store_.compacted() && after <= model_.revision();
    RC_ASSERT(subscription.has_value() == valid);
    if (!valid) RC_ASSERT(subscription.error().code == base::Code::Expired);
    if (!valid) return;
    RC_ASSERT(watch->recorder.events.empty());
    watch->subscription = std::move(*subscription);
    watches_.push_back(std::move(watch));
  }

  void unsubscribe() {
    if (watches_.empty()) return;
    watches_.erase(watches_.begin() +
                   *rc::gen::inRange<std::ptrdiff_t>(0, static_cast<std::ptrdiff_t>(watches_.size())));
  }

  void look_back() {
    const Revision revision = *rc::gen::inRange<Revision>(0, model_.revision() + 2);
    const Revision published = store_.published()->revision();
    const auto snapshot = store_.at(revision);
    if (revision < store_.compacted()) {
      RC_ASSERT(!snapshot && snapshot.error().code == base::Code::Expired);
    } else if (revision > published) {
      RC_ASSERT(!snapshot && snapshot.error().code == base::Code::Timeout);
    } else {
      RC_ASSERT((*snapshot)->revision() == revision);
      RC_ASSERT(rows_of(**snapshot, kResources) == model_.states[revision]);
    }
  }

  void compact() {
    const Revision revision = *rc::gen::inRange<Revision>(0, model_.revision() + 2);
    const Revision before = store_.compacted();
    store_.compact(revision);
    RC_ASSERT(store_.compacted() == std::max(before, std::min(revision, store_.published()->revision())));
  }

  void check() {
    const auto snapshot = store_.published();
    RC_ASSERT(snapshot->revision() == model_.revision());
    RC_ASSERT(rows_of(*snapshot, kResources) == model_.head());
    RC_ASSERT(rows_of(*store_.head(), kResources) == model_.head());
    for (const auto& resource : kResources) {
      const auto count = std::count_if(model_.head().begin(), model_.head().end(),
                                       [&](const auto& row) { return row.first.resource == resource; });
      RC_ASSERT(snapshot->count(resource) == static_cast<std::size_t>(count));
    }
    for (const auto& watch : watches_)
      RC_ASSERT(watch->recorder.events == model_.heard(watch->resource, watch->after, published_));
  }

  Bed& bed_;
  Store& store_;
  Model model_;
  Revision published_ = 0;
  std::vector<Revision> acknowledged_;
  std::vector<std::unique_ptr<Watch>> watches_;
};

}  // namespace slipway::store::rules
