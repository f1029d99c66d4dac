// Writes core/v1 Events about decided objects: repeats are counted in one Event, and one object cannot flood the API.
//
// An Event's name follows from object, reason and message, so that a restarted process counts on instead of starting
// again. Events are for people: they are sent and forgotten, a lost one is not repeated, and nothing waits for them.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "client/api_client.h"
#include "control/decision.h"
#include "runtime/loop.h"

namespace slipway::control {

class EventRecorder {
 public:
  // Limits, as client-go has them: a burst per object, then one more per interval.
  static constexpr int kBurst = 25;
  static constexpr base::Duration kRefill = base::minutes(5);
  static constexpr std::size_t kRemembered = 4096;  // events and objects remembered for counting

  EventRecorder(client::ApiClient& api, runtime::Loop& loop) : api_(api), loop_(loop) {}
  EventRecorder(const EventRecorder&) = delete;
  ~EventRecorder() { *alive_ = false; }

  // `object` carries apiVersion and kind, as cached objects do.
  void record(std::string_view component, const data::Value& object, const Note& note);

 private:
  struct Series {
    std::int64_t count = 0;
    base::Time first;
  };
  struct Budget {
    double tokens = kBurst;
    base::MonoTime filled;
  };
  bool spend(std::string_view uid);
  Series& series_of(const std::string& name);
  void create(data::Value event);
  void count_on(const data::Value& event);
  void write_count(const data::Value& event, std::int64_t count, std::string_view last);

  client::ApiClient& api_;
  runtime::Loop& loop_;
  std::map<std::string, Series> series_;
  std::deque<std::string> series_order_;
  std::map<std::string, Budget, std::less<>> budgets_;
  std::deque<std::string> budgets_order_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace slipway::control
