// A Deployment `web` of four modelled pods on a real control plane, with a Release attached and the controllers beside
// it: as a user of another's cluster has them. The controllers have the rights of `slipway install` and no others.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "each_version.h"
#include "programs.h"

namespace slipway::tests {

class ReleaseOnCluster : public EachVersion {
 protected:
  void SetUp() override;
  void TearDown() override;

  // --- what users do
  void attach(const std::string& strategy, bool routed = false);  // a Release named web; waits until it is Idle
  void set_image(const std::string& tag);                         // with the real kubectl
  void ask(const char* command);                                  // a command of slipway: "promote", "abort" ...
  std::string kubectl(std::vector<std::string> arguments);        // stdout; stderr goes to the test's
  int kubectl_code(std::vector<std::string> arguments);
  void patch(const api::Resource& resource, const std::string& name, const std::string& merge_patch);
  void begin_controller();

  // --- what is to be seen
  data::Value get(const api::Resource& resource, const std::string& name);
  std::string phase();
  bool reaches(const std::string& phase);
  // Pods that are not on their way out, by image tag; those ready only when `ready`.
  std::int64_t pods_of(const std::string& tag, bool ready = false);
  std::set<std::string> uids_of(const std::string& tag);
  std::string owner_of(const std::string& tag);  // kind of the controller of the ReplicaSet; "" none; "absent"
  std::int64_t weight_of(const std::string& service);
  std::string told() const;  // what the Release says, for failures

  // Until it holds. Meanwhile the route is accepted as a Gateway API controller would, and the fewest ready pods are
  // noted.
  bool until(const std::function<bool()>& holds);
  std::int64_t fewest_ready = 1000;

  std::string space;
  std::optional<runtime::Child> node, controller;
  std::vector<std::string> controller_flags;        // for begin_controller
  std::vector<std::string> controller_environment;  // "NAME=value", likewise
  bool refusals_are_expected = false;               // of the API server to our controller

 private:
  void look();
  void accept_route();
  std::string controller_kubeconfig_;
  bool routed_ = false;
  std::size_t audited_before_ = 0;
};

}  // namespace slipway::tests
