#include "rehearse/routes_in_force.h"

#include <set>

#include "api/meta.h"

namespace slipway::rehearse {

using client::Cache;
using client::ObjectName;
using data::Value;

namespace {

constexpr base::Duration kJitter = base::milliseconds(40);

ObjectName name_of(const Value& o) { return {std::string(api::space_of(o)), std::string(api::name_of(o))}; }

// What a router looks at: of Ingresses the annotations as well.
Value content_of(Router router, const Value& object) {
  if (object.is_null()) return {};
  return router == Router::Ingress ? Value::array({object["spec"], object["metadata"]["annotations"]}) : object["spec"];
}

std::unique_ptr<Cache> beside_cache(client::ApiClient& api, runtime::Loop& loop, runtime::Random& random,
                                    Router router) {
  const auto kind = beside_kind(router);
  if (!kind || *kind == route_kind(router)) return nullptr;
  return std::make_unique<Cache>(api, loop, random, *kind);
}

}  // namespace

RoutesInForce::RoutesInForce(client::ApiClient& api, runtime::Loop& loop, runtime::Random& random, Router router,
                             base::Duration delay)
    : loop_(loop),
      random_(random),
      router_(router),
      delay_(delay),
      routes_(api, loop, random, route_kind(router)),
      beside_(beside_cache(api, loop, random, router)) {}

void RoutesInForce::start(Listener listener) {
  listener_ = std::move(listener);
  watch(routes_);
  if (beside_) watch(*beside_);
}

bool RoutesInForce::knows(const ObjectName& route) const {
  const auto found = written_.find({route_kind(router_).plural, route});
  return found != written_.end() && !found->second.content.is_null();
}

void RoutesInForce::watch(Cache& cache) {
  cache.add_listener([this, &cache](const Value& before, const Value& after) {
    changed(cache, name_of(after.is_null() ? before : after), after);
  });
  cache.start();
}

void RoutesInForce::changed(const Cache& cache, const ObjectName& name, const Value& after) {
  Written& written = written_[{cache.resource().plural, name}];
  Value content = content_of(router_, after);
  if (content == written.content) return;
  written.content = std::move(content);
  written.until_in_force = loop_.after(draw_delay(), [this, &cache, name] { take_over(cache, name); });
}

base::Duration RoutesInForce::draw_delay() {
  if (writes_status(router_)) return delay_ + base::milliseconds(random_.below(kJitter / base::milliseconds(1)));
  return base::milliseconds(1 + random_.below((delay_ + kJitter) / base::milliseconds(1)));
}

void RoutesInForce::take_over(const Cache& cache, const ObjectName& name) {
  copy(cache, name);
  if (router_ == Router::Ingress)
    for (const auto& [other, written] : written_) copy(cache, other.second);
  tell(name.space);
}

void RoutesInForce::copy(const Cache& cache, const ObjectName& name) {
  const Key key{cache.resource().plural, name};
  if (const Value& object = cache.find(name); !object.is_null())
    objects_[key] = object;
  else
    objects_.erase(key);
}

std::vector<Value> RoutesInForce::in_force(const api::Resource& kind, const std::string& space) const {
  std::vector<Value> all;
  for (const auto& [key, object] : objects_)
    if (key.first == kind.plural && key.second.space == space) all.push_back(object);
  return all;
}

void RoutesInForce::tell(const std::string& space) {
  const auto kind = beside_kind(router_);
  const std::vector<Value> beside = kind ? in_force(*kind, space) : std::vector<Value>{};
  std::set<ObjectName> gone;
  for (const auto& [name, was] : told_)
    if (name.space == space) gone.insert(name);
  for (const Value& route : in_force(route_kind(router_), space)) {
    if (is_beside(router_, route)) continue;
    const ObjectName name = name_of(route);
    gone.erase(name);
    std::pair now{api::generation_of(route), read_rules(router_, {route, beside})};
    if (const auto told = told_.find(name); told != told_.end() && told->second == now) continue;
    told_[name] = now;
    listener_(name, route, std::move(now.second));
  }
  for (const ObjectName& name : gone) {
    told_.erase(name);
    listener_(name, {}, {});
  }
}

}  // namespace slipway::rehearse
