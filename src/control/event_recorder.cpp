#include "control/event_recorder.h"

#include <algorithm>

#include "api/meta.h"
#include "base/hash.h"

namespace slipway::control {
namespace {

using client::Request;
using client::Verb;
using data::Value;

std::string event_name(std::string_view component, const Value& object, const Note& note) {
  std::uint32_t hash = base::fnv1a32(api::uid_of(object));
  for (std::string_view part : {component, std::string_view(note.reason), std::string_view(note.message)})
    hash = base::fnv1a32(part, base::fnv1a32(std::string_view("\0", 1), hash));
  return std::string(api::name_of(object)) + "." + base::safe_encode(hash);
}

Value reference_to(const Value& object) {
  Value reference = Value::object({{"apiVersion", object["apiVersion"]},
                                   {"kind", object["kind"]},
                                   {"name", api::name_of(object)},
                                   {"uid", api::uid_of(object)},
                                   {"resourceVersion", api::version_of(object)}});
  if (const std::string_view space = api::space_of(object); !space.empty()) reference.set("namespace", space);
  return reference;
}

Value make_event(const std::string& name, std::string_view component, const Value& object, const Note& note,
                 base::Time now) {
  // Events about cluster-scoped objects live in `default`, as everywhere.
  const std::string_view space = api::space_of(object).empty() ? "default" : api::space_of(object);
  const std::string time = base::format_time(now);
  return Value::object({{"apiVersion", "v1"},
                        {"kind", "Event"},
                        {"metadata", Value::object({{"name", name}, {"namespace", space}})},
                        {"involvedObject", reference_to(object)},
                        {"type", note.kind == Note::Kind::Normal ? "Normal" : "Warning"},
                        {"reason", note.reason},
                        {"message", note.message},
                        {"source", Value::object({{"component", component}})},
                        {"reportingComponent", component},
                        {"reportingInstance", ""},
                        {"firstTimestamp", time},
                        {"lastTimestamp", time},
                        {"count", 1}});
}

template <class Map>
void trim(Map& map, std::deque<std::string>& order, std::size_t limit) {
  while (order.size() > limit) {
    map.erase(order.front());
    order.pop_front();
  }
}

}  // namespace

bool EventRecorder::spend(std::string_view uid) {
  auto it = budgets_.find(uid);
  if (it == budgets_.end()) {
    it = budgets_.emplace(std::string(uid), Budget{kBurst, loop_.mono()}).first;
    budgets_order_.push_back(it->first);
    if (budgets_order_.size() > kRemembered) {
      budgets_.erase(budgets_order_.front());
      budgets_order_.pop_front();
    }
  }
  Budget& budget = it->second;
  const double gained = base::to_seconds(loop_.mono() - budget.filled) / base::to_seconds(kRefill);
  budget.tokens = std::min<double>(kBurst, budget.tokens + gained);
  budget.filled = loop_.mono();
  if (budget.tokens < 1) return false;
  budget.tokens -= 1;
  return true;
}

EventRecorder::Series& EventRecorder::series_of(const std::string& name) {
  const auto [it, added] = series_.try_emplace(name);
  if (added) {
    series_order_.push_back(name);
    trim(series_, series_order_, kRemembered);
  }
  return it->second;
}

void EventRecorder::record(std::string_view component, const Value& object, const Note& note) {
  if (!spend(api::uid_of(object))) return;
  const std::string name = event_name(component, object, note);
  const Value event = make_event(name, component, object, note, loop_.now());
  Series& series = series_of(std::string(api::space_of(event)) + "/" + name);
  if (series.count++ == 0) {
    create(event);
  } else {
    write_count(event, series.count, event["lastTimestamp"].as_string());
  }
}

void EventRecorder::create(Value event) {
  Request request{.verb = Verb::Create, .resource = api::kEvents, .space = std::string(api::space_of(event))};
  request.body = event;
  api_.call(std::move(request), [this, alive = alive_, event](client::Answer answer) {
    if (*alive && !answer && answer.error().code == base::Code::AlreadyExists) count_on(event);
  });
}

// The Event is there from before a restart: go on from its count.
void EventRecorder::count_on(const Value& event) {
  Request get{.verb = Verb::Get, .resource = api::kEvents, .space = std::string(api::space_of(event))};
  get.name = api::name_of(event);
  api_.call(std::move(get), [this, alive = alive_, event](client::Answer answer) {
    if (!*alive || !answer) return;
    Series& series = series_of(std::string(api::space_of(event)) + "/" + std::string(api::name_of(event)));
    series.count += (*answer)["count"].as_int(1);
    write_count(event, series.count, event["lastTimestamp"].as_string());
  });
}

void EventRecorder::write_count(const Value& event, std::int64_t count, std::string_view last) {
  Request patch{.verb = Verb::Patch, .resource = api::kEvents, .space = std::string(api::space_of(event))};
  patch.name = api::name_of(event);
  patch.body = Value::object({{"count", count}, {"lastTimestamp", last}});
  api_.call(std::move(patch), [this, alive = alive_, event](client::Answer answer) {
    // Events expire; the next repeat starts a new one.
    if (*alive && !answer && answer.error().code == base::Code::NotFound)
      series_of(std::string(api::space_of(event)) + "/" + std::string(api::name_of(event))).count = 0;
  });
}

}  // namespace slipway::control
