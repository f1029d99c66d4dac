// Which routes are in force: what the proxies of a router have taken over of its objects, a while after it was written.
//
// Every object takes its own time, so that one that was written later may be in force earlier: Istio's documentation
// asks writers to wait between a DestinationRule and what names its subsets. ingress-nginx makes its configuration from
// all Ingresses at once.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <tuple>

#include "client/cache.h"
#include "rehearse/routed.h"
#include "runtime/loop.h"

namespace slipway::rehearse {

class RoutesInForce {
 public:
  // A route has come into force as this object and these rules; null: it is gone.
  using Listener = std::function<void(const client::ObjectName&, const data::Value& object, RoutedRules rules)>;

  // `delay`: of our own gateway (HTTPRoutes) the time that it takes, of the others the longest.
  RoutesInForce(client::ApiClient& api, runtime::Loop& loop, runtime::Random& random, Router router,
                base::Duration delay);
  void start(Listener listener);
  // The proxies have heard of this route; it may not be in force yet.
  bool knows(const client::ObjectName& route) const;

 private:
  using Key = std::pair<std::string, client::ObjectName>;  // plural of the kind, and name
  struct Written {
    data::Value content;
    runtime::Timer until_in_force;
  };

  void watch(client::Cache& cache);
  void changed(const client::Cache& cache, const client::ObjectName& name, const data::Value& after);
  base::Duration draw_delay();
  void take_over(const client::Cache& cache, const client::ObjectName& name);
  void copy(const client::Cache& cache, const client::ObjectName& name);
  void tell(const std::string& space);
  std::vector<data::Value> in_force(const api::Resource& kind, const std::string& space) const;

  runtime::Loop& loop_;
  runtime::Random& random_;
  Router router_;
  base::Duration delay_;
  client::Cache routes_;
  std::unique_ptr<client::Cache> beside_;  // null where the kind is that of the routes, or there is none
  Listener listener_;
  std::map<Key, Written> written_;
  std::map<Key, data::Value> objects_;                                       // as the proxies have them
  std::map<client::ObjectName, std::pair<std::int64_t, RoutedRules>> told_;  // generation and rules
};

}  // namespace slipway::rehearse
