// Ports that every runner offers, for facts that need nothing but the API and the clock.
#pragma once

#include <map>
#include <memory>

#include "client/api_client.h"
#include "control/ports.h"
#include "runtime/loop.h"

namespace slipway::control {

// Port "object": reads one object from the API, not from a cache. Question {"apiVersion", "kind", "resource",
// "namespace", "name"}; the answer is the object, or null when there is none. With an empty name: the first object of
// that namespace, or null when it has none of this kind.
class ObjectPort final : public Port {
 public:
  explicit ObjectPort(client::ApiClient& api) : api_(api) {}
  static data::Value question(const api::Resource& resource, std::string_view space, std::string_view name);
  void perform(const std::string& id, const data::Value& what, Done done) override;

 private:
  client::ApiClient& api_;
};

// Port "list": answers with the objects of a namespace that match a field selector, as an array. Question
// {"apiVersion", "kind", "resource", "namespaced", "namespace", "fieldSelector", "limit"}; no more than so many, in the
// API's order.
class ListPort final : public Port {
 public:
  explicit ListPort(client::ApiClient& api) : api_(api) {}
  static data::Value question(const api::Resource& resource, std::string_view space, std::string_view field_selector,
                              std::int64_t limit);
  void perform(const std::string& id, const data::Value& what, Done done) override;

 private:
  client::ApiClient& api_;
};

// Port "timer": answers null after {"milliseconds": n} on the monotonic clock. For decisions that must not be fooled by
// a wall clock that jumps.
class TimerPort final : public Port {
 public:
  explicit TimerPort(runtime::Loop& loop) : loop_(loop) {}
  static data::Value question(base::Duration wait);
  void perform(const std::string& id, const data::Value& what, Done done) override;

 private:
  runtime::Loop& loop_;
  std::map<std::uint64_t, runtime::Timer> timers_;
  std::uint64_t serials_ = 0;
};

}  // namespace slipway::control
