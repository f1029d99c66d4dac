// The app of a simulated story: its versions, and the documents a user would write for it (of its router:
// app_router.h).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/resource.h"
#include "base/time.h"
#include "data/value.h"
#include "delivery/plan/workload.h"
#include "rehearse/app_hooks.h"
#include "rehearse/routed.h"
#include "runtime/loop.h"

namespace slipway::rehearse::app {

inline constexpr const char* kSpace = "shop";
inline constexpr const char* kName = "web";  // of the Deployment, Service, route and Release

// Who rolls the Deployment out.
enum class Manner { Plain, Rolling, Canary };  // nobody but the Deployment's controller; a Release of this strategy

// How a version behaves (behaviour.h), told by its image tag: "v2", "v2-errors", "v2-slow", "v2-unready",
// "v2-missing" (its image), "v2-crashing".
struct Version {
  std::string name;
  data::Value annotations = data::Value::object();
};
Version good_version(std::string tag);
Version drawn_version(runtime::Random& random, const std::string& tag);

bool is_good(std::string_view tag);
bool never_gets_ready(std::string_view tag);
std::string tag_of(const data::Value& workload);       // of the template of a Deployment or ReplicaSet
std::string tag_of_images(const std::string& images);  // of "web=shop/web:v2", as a Release's status says it

struct Choices {
  delivery::plan::WorkloadKind workload = delivery::plan::WorkloadKind::Deployment;
  Manner manner = Manner::Canary;
  std::int64_t replicas = 4;
  std::int64_t min_ready_seconds = 0;
  bool approval = false;    // the canary waits for a person at 50 %
  bool background = false;  // the canary's metrics are watched all along, too
  Router router = Router::HttpRoute;
  // The canary: no router splits, the Service is switched as a whole, and nothing is measured.
  bool blue_green = false;      // the canary: all users at once, and the old version is kept for a while
  bool preview = false;         // and its preview is in another namespace
  bool dynamic_stable = false;  // the canary: stable pods follow the traffic
  bool opt_in = false;          // the canary: some requests get the candidate by a header before everybody does
  bool gray = false;            // the canary: groups of users one after the other
  bool ab_test = false;         // the canary: two versions beside the stable one, until a person decides
  bool config = false;          // pods read a ConfigMap, which is part of a version
  std::vector<HookChoice> hooks = {};
  bool keep_pods = false;      // the canary: of a version that is taken back two pods stay for a while
  bool failures_halt = false;  // and a person answers them
  bool switched() const { return manner == Manner::Canary && router == Router::Service; }
  bool in_place() const { return delivery::plan::is_in_place(workload); }
};

data::Value name_space();
inline constexpr const char* kPreviewSpace = "shop-preview";
data::Value preview_space(bool lets_in);
data::Value service();
data::Value analysis_template(Router router);
// The groups of a gray release; `narrower`: as somebody edits them in the middle of it.
std::vector<data::Value> cohorts(Router router, bool narrower = false);
// The Deployment, StatefulSet or DaemonSet.
data::Value workload(const Choices& choices, const Version& version);
// What its user says of how it replaces pods, and so what it has again when no Release holds it.
data::Value update_strategy(const Choices& choices);
// The annotation of pods by which the second variant of a test differs from what the Deployment asks for.
inline constexpr const char* kVariant = "example.com/variant";
// What every version reads where ConfigMaps are part of it; `mode` is what is in it.
inline constexpr const char* kConfig = "web-config";
data::Value config_map(std::string_view mode);
data::Value release(const Choices& choices);  // not for Manner::Plain

}  // namespace slipway::rehearse::app
