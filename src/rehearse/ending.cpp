#include "rehearse/ending.h"

#include <fmt/format.h>

#include <algorithm>

#include "control/pod.h"
#include "data/json.h"
#include "delivery/names.h"
#include "delivery/state.h"
#include "rehearse/app_router.h"

namespace slipway::rehearse {

using app::kName;
using app::kSpace;
using app::Manner;
using data::Value;
using delivery::Phase;

namespace {

// The Deployment, or what stands in its place.
Value deployment_of(const Truth& truth) {
  for (const api::Resource* kind : {&api::kStatefulSets, &api::kDaemonSets})
    if (Value set = truth.find(*kind, kSpace, kName); !set.is_null()) return set;
  return truth.find(api::kDeployments, kSpace, kName);
}
// Stored objects do not say their kind.
bool is_in_place(const Truth& truth) {
  return truth.find(api::kDeployments, kSpace, kName).is_null() && !deployment_of(truth).is_null();
}
std::int64_t wanted_pods(const Truth& truth) {
  const Value daemons = truth.find(api::kDaemonSets, kSpace, kName);
  if (!daemons.is_null()) return daemons["status"]["desiredNumberScheduled"].as_int();
  return deployment_of(truth)["spec"]["replicas"].as_int(1);
}
Value release_of(const Truth& truth) { return truth.find(api::kReleases, kSpace, kName); }

std::string image_tag(const Value& pod) { return app::tag_of_images(pod["spec"]["containers"].at(0)["image"].str()); }

// Pods that do something once, for a hook.
bool is_of_run(const Value& pod) { return !api::label(pod, delivery::kAnalysisRunLabel).empty(); }
std::vector<Value> pods_of_app(const Truth& truth) {
  std::vector<Value> pods = truth.list(api::kPods, kSpace);
  std::erase_if(pods, is_of_run);
  return pods;
}

// The pods are those of one version, as many as asked for, and nothing of another is left.
std::string other_pods(const Truth& truth, const std::string& tag) {
  std::int64_t good = 0;
  for (const Value& pod : pods_of_app(truth)) {
    if (!api::is_deleting(pod) && image_tag(pod) == tag)
      ++good;
    else
      return fmt::format("pod {} of {}{} is still there", api::name_of(pod), image_tag(pod),
                         api::is_deleting(pod) ? ", stopping," : "");
  }
  const std::int64_t wanted = wanted_pods(truth);
  return good == wanted ? "" : fmt::format("{} pods of {}, {} are asked for", good, tag, wanted);
}

// All pods read what is in the user's ConfigMap now, and no copy is left that none of them reads.
std::string other_config(const Truth& truth) {
  const Value wanted = truth.find(api::kConfigMaps, kSpace, app::kConfig)["data"];
  std::string copy;
  for (const Value& pod : pods_of_app(truth)) {
    copy = pod["spec"]["containers"].at(0)["envFrom"].at(0)["configMapRef"]["name"].str();
    if (truth.find(api::kConfigMaps, kSpace, copy)["data"] != wanted)
      return fmt::format("pod {} to read what is in {} now", api::name_of(pod), app::kConfig);
  }
  for (const Value& object : truth.list(api::kConfigMaps, kSpace))
    if (object["immutable"].as_bool() && !copy.empty() && api::name_of(object) != copy)
      return fmt::format("ConfigMap {} to go, which nobody reads", api::name_of(object));
  return "";
}

// --- without a Release ------------------------------------------------------------------------------------

bool rolled_out(const Value& deployment) {
  const Value& status = deployment["status"];
  const std::int64_t wanted = deployment["spec"]["replicas"].as_int(1);
  return status["observedGeneration"].as_int() == api::generation_of(deployment) &&
         status["updatedReplicas"].as_int() == wanted && status["replicas"].as_int() == wanted &&
         status["availableReplicas"].as_int() == wanted;
}

bool gave_up(const Value& deployment) {
  return api::condition(deployment, "Progressing")["reason"].as_string() == "ProgressDeadlineExceeded";
}

// Such a workload never gives up: with a version that does not get ready, or crashes, it stands still for ever, and
// with pods in order a later version as well (kubernetes/kubernetes#67250).
std::string awaited_plain_in_place(const Truth& truth, const Value& workload) {
  const bool stands = std::ranges::any_of(truth.list(api::kPods, kSpace), [](const Value& pod) {
    return app::never_gets_ready(image_tag(pod)) || image_tag(pod).contains("-crashing");
  });
  const std::string tag = app::tag_of(workload);
  if (stands || app::never_gets_ready(tag) || tag.contains("-crashing")) return "";
  return other_pods(truth, tag);
}

std::string awaited_plain(const Truth& truth) {
  const Value deployment = deployment_of(truth);
  if (is_in_place(truth)) return awaited_plain_in_place(truth, deployment);
  const std::string tag = app::tag_of(deployment);
  if (tag.ends_with("-crashing")) return "";  // its pods never come to rest
  if (app::never_gets_ready(tag)) {
    // Pods of the version before that come and go are progress, as upstream counts it (seed 2230).
    const bool flaps = std::ranges::any_of(truth.list(api::kPods, kSpace),
                                           [](const Value& pod) { return image_tag(pod).ends_with("-crashing"); });
    return gave_up(deployment) || flaps ? "" : "the Deployment to give up";
  }
  if (!rolled_out(deployment)) return "the Deployment to be rolled out";
  return other_pods(truth, tag);
}

// --- with one ---------------------------------------------------------------------------------------------

bool is_held(const delivery::State& s, const std::string& tag) {
  if (s.phase != Phase::RolledBack || !s.rejected) return false;
  // The workload was given the stable version's template.
  if (s.rejected->restored && s.stable && app::tag_of_images(s.stable->images) == tag) return true;
  return app::tag_of_images(s.rejected->images) == tag;
}
bool is_out(const delivery::State& s, const std::string& tag) {
  return s.phase == Phase::Idle && s.stable && app::tag_of_images(s.stable->images) == tag;
}
// On the way back to a version that crashes as well, and was let out before it did: its pods never come to rest (seed
// 5085 with windows).
bool is_back_on_crashing(const delivery::State& s) {
  return s.phase == Phase::RollingBack && s.stable && app::tag_of_images(s.stable->images).ends_with("-crashing") &&
         s.replicas.candidate == 0;
}

std::string awaited_release(const Truth& truth, const Value& release) {
  const Value deployment = deployment_of(truth);
  const delivery::State s = delivery::read_state(release["status"]);
  const std::string tag = app::tag_of(deployment);
  if (is_back_on_crashing(s)) return "";
  if (!is_held(s, tag) && !is_out(s, tag))
    return fmt::format("{} to be out or held: phase {}, {}", tag, delivery::to_text(s.phase), s.message);
  if (s.replicas.candidate > 0) return "the candidate's pods to go";
  if (tag.ends_with("-crashing") && is_out(s, tag)) return "";
  if (s.replicas.stable_ready != wanted_pods(truth))
    return fmt::format("all pods to be ready: {} of {}, as the status of the Release says", s.replicas.stable_ready,
                       wanted_pods(truth));
  if (is_out(s, tag) && !s.stable->config.empty())
    if (const std::string other = other_config(truth); !other.empty()) return other;
  return other_pods(truth, app::tag_of_images(s.stable->images));
}

// The Release has ended it, and the run has yet to write that down (seed 76).
std::string ending_run(const Truth& truth) {
  for (const Value& run : truth.list(api::kAnalysisRuns, kSpace))
    if (run["spec"]["terminate"].as_bool() && !run["status"].has("completedAt"))
      return fmt::format("AnalysisRun {} to end", api::name_of(run));
  return "";
}

std::string awaited_left_in_place(const Truth& truth, const Value& workload) {
  if (!api::annotation(workload, delivery::kHeldAnnotation).empty()) return "the workload to be free";
  if (api::annotation(workload, delivery::kLeftPausedAnnotation).empty())
    return awaited_plain_in_place(truth, workload);
  const auto ready = std::ranges::count_if(
      pods_of_app(truth), [](const Value& pod) { return !api::is_deleting(pod) && control::is_ready(pod); });
  return ready == wanted_pods(truth) ? "" : "the old version to be complete";
}

// The Release is gone: the workload goes on as if it had never been.
std::string awaited_left(const Truth& truth) {
  const Value deployment = deployment_of(truth);
  if (is_in_place(truth)) return awaited_left_in_place(truth, deployment);
  if (!deployment["spec"]["paused"].as_bool()) return awaited_plain(truth);
  if (api::annotation(deployment, delivery::kLeftPausedAnnotation).empty())
    return "the Deployment to be free of its pause";
  const std::int64_t wanted = deployment["spec"]["replicas"].as_int(1);
  return deployment["status"]["availableReplicas"].as_int() == wanted ? "" : "the old version to be complete";
}

// The API server fills in what an HTTPRoute leaves out, so that only what it means can be compared.
bool is_the_users(Router router, const Value& now, const Value& own) {
  return writes_status(router) ? read_rules(router, {now}) == read_rules(router, {own}) : now["spec"] == own["spec"];
}

// Everything that the user wrote for his router is there again as he wrote it, and nothing beside it.
std::string route_problem(const Truth& truth) {
  const Router router = truth.gateway.router();
  for (const app::Applied& own : app::router_objects(router)) {
    if (own.resource == api::kCustomResourceDefinitions) continue;
    const Value now = truth.find(own.resource, kSpace, kName);
    if (!is_the_users(router, now, own.object))
      return fmt::format("{} {} is not the user's again: {}", own.resource.kind, kName, data::to_json(now["spec"]));
    if (now["metadata"]["annotations"] != own.object["metadata"]["annotations"])
      return fmt::format("{} {} has annotations that the user did not write", own.resource.kind, kName);
    for (const Value& object : truth.list(own.resource, kSpace))
      if (api::name_of(object) != kName)
        return fmt::format("{} {} is left over", own.resource.kind, api::name_of(object));
  }
  return "";
}

std::string selector_problem(const Truth& truth) {
  const Value service = truth.find(api::kServices, kSpace, kName);
  return service["spec"]["selector"].size() == 1 ? "" : "the Service's selector is not the user's again";
}

std::string leftover(const Truth& truth, bool release_gone) {
  for (const Value& run : truth.list(api::kAnalysisRuns, kSpace))
    if (release_gone || !run["status"].has("completedAt"))
      return fmt::format("AnalysisRun {} is {}", api::name_of(run), release_gone ? "left over" : "still running");
  if (!release_gone) return "";
  for (const Value& pod : truth.list(api::kPods, kSpace))
    if (is_of_run(pod)) return fmt::format("pod {} of a hook is left over", api::name_of(pod));
  for (const Value& service : truth.list(api::kServices, kSpace))
    if (api::name_of(service) != kName) return fmt::format("Service {} is left over", api::name_of(service));
  return "";
}

// Of previews in another namespace, which nothing owns.
std::string left_of_previews(const Truth& truth) {
  for (const api::Resource* kind : {&api::kPods, &api::kReplicaSets, &api::kServices})
    for (const Value& object : truth.list(*kind))
      if (!api::label(object, delivery::kPreviewReleaseLabel).empty())
        return fmt::format("{} {} of a preview to go", kind->kind, api::name_of(object));
  return "";
}

// Nothing but the version itself can have been a reason to take it back.
bool must_be_out(const Expectation& e, const std::string& tag) {
  const bool hooks_end_well = std::ranges::all_of(
      e.story.choices.hooks, [](const app::HookChoice& hook) { return hook.ends_well() || !hook.decides(); });
  return app::is_good(tag) && hooks_end_well && e.calm && !e.story.has(Deed::Abort) && !e.story.has(Deed::DeletePods) &&
         !e.story.has(Deed::DeleteCandidateSet) && !e.story.has(Deed::Cordon);
}
// A hook that fails for good lets only the version through that there was before; or one that a person let past it.
bool may_pass_hooks(const Expectation& e, const std::string& tag) {
  if (!e.story.is_stopped_by_hook() || tag == e.story.first.name) return true;
  return e.story.choices.failures_halt && e.approved_unseen;
}
// Without a router there are no metrics to catch errors and slowness with, and a rolling update can end before the
// first crash.
bool may_be_out(const Expectation& e, const std::string& tag) {
  return app::is_good(tag) || e.metrics_lie || e.approved_unseen ||
         ((e.story.choices.manner == Manner::Rolling || e.story.choices.switched() || e.story.choices.in_place()) &&
          !app::never_gets_ready(tag));
}

std::string wrong_verdict(const Expectation& e, const delivery::State& s, const std::string& tag) {
  const bool out = is_out(s, tag);
  if (out && e.abort_stands) return tag + " is out, and it was aborted";
  if (out && !may_pass_hooks(e, tag)) return tag + " is out, and one of its hooks always fails";
  if (out && !may_be_out(e, tag)) return "bad version " + tag + " is out";
  if (!out && must_be_out(e, tag)) return fmt::format("good version {} is held: {}", tag, s.message);
  return "";
}

}  // namespace

std::string awaited(const Truth& truth, const Expectation& e) {
  if (e.story.choices.manner == Manner::Plain) return awaited_plain(truth);
  const Value release = release_of(truth);
  if (!release.is_null() && e.story.has(Deed::DeleteRelease))
    return "the Release to be gone: " + release["status"]["message"].str();
  if (std::string left = left_of_previews(truth); !left.empty()) return left;
  if (release.is_null()) {
    const std::string waiting = awaited_left(truth);
    return waiting.empty() ? leftover(truth, true) : waiting;  // the garbage collector takes its time (seed 302)
  }
  const std::string waiting = awaited_release(truth, release);
  return waiting.empty() ? ending_run(truth) : waiting;
}

std::string wrong_end(const Truth& truth, const Expectation& e) {
  if (e.story.choices.manner == Manner::Plain) return "";
  const Value release = release_of(truth);
  if (std::string left = leftover(truth, release.is_null()); !left.empty()) return left;
  if (e.story.choices.manner == Manner::Canary && !e.story.choices.in_place())
    if (std::string wrong = route_problem(truth); !wrong.empty()) return wrong;
  if (e.story.choices.switched())
    if (std::string wrong = selector_problem(truth); !wrong.empty()) return wrong;
  if (release.is_null()) return "";
  if (const std::string now = app::tag_of(deployment_of(truth)); !e.undone_to.empty() && now != e.undone_to)
    return fmt::format("an undo to {} was accepted, and the Deployment asks for {}", e.undone_to, now);
  const delivery::State s = delivery::read_state(release["status"]);
  const bool restored = s.phase == Phase::RolledBack && s.rejected && s.rejected->restored;
  return wrong_verdict(e, s, restored ? app::tag_of_images(s.rejected->images) : app::tag_of(deployment_of(truth)));
}

}  // namespace slipway::rehearse
