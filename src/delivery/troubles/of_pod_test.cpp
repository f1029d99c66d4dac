#include "delivery/troubles/of_pod.h"

#include <gtest/gtest.h>

#include "api/resource.h"
#include "data/json.h"
#include "delivery/kept.h"

namespace slipway::delivery {
namespace {

using base::seconds;
using base::Time;
using data::Value;

Value json(std::string_view text) {
  auto v = data::parse_json(text);
  SLIPWAY_CHECK(v.has_value());
  return *std::move(v);
}

const Time kStart = *base::parse_time("2026-01-01T00:00:00Z");

// A pod that has a node since kStart, with this status of its container "web".
Value pod(std::string_view container, std::string_view more_conditions = "") {
  return json(std::string(R"({"metadata":{"name":"web-1"},"status":{"conditions":[
    {"type":"PodScheduled","status":"True","lastTransitionTime":"2026-01-01T00:00:00Z"},
    {"type":"Ready","status":"False","lastTransitionTime":"2026-01-01T00:00:00Z"})") +
              std::string(more_conditions) + R"(],"containerStatuses":[{"name":"web","image":"shop/web:v9",)" +
              std::string(container) + "}]}}");
}

Value waiting(std::string_view reason, std::string_view message) {
  Value out = pod(R"("ready":false,"restartCount":0)");
  Value container = out["status"]["containerStatuses"].at(0);
  container.set({"state", "waiting"}, Value::object({{"reason", reason}, {"message", message}}));
  out.set({"status", "containerStatuses"}, Value::array({container}));
  return out;
}

// What the controllers keep of a pod tells the same.
PodHealth health(const Value& pod, base::Duration after = seconds(5), const Value& warnings = {}) {
  const PodHealth whole = health_of(pod, warnings, kStart + after);
  const PodHealth kept = health_of(kept_of(api::kPods)(pod), warnings, kStart + after);
  EXPECT_EQ(kept.trouble, whole.trouble);
  EXPECT_EQ(kept.look_at, whole.look_at);
  EXPECT_EQ(kept.ask_events, whole.ask_events);
  return whole;
}

PodTrouble trouble(const Value& pod, base::Duration after = seconds(5), const Value& warnings = {}) {
  const PodHealth found = health(pod, after, warnings);
  EXPECT_TRUE(found.trouble.has_value());
  return found.trouble.value_or(PodTrouble{});
}

Value warning(const char* reason, const char* message) {
  return Value::object({{"reason", reason}, {"message", message}});
}

TEST(HealthOfPod, an_image_that_no_registry_has_needs_another_version) {
  const PodTrouble t = trouble(waiting(
      "ErrImagePull", R"(rpc error: code = NotFound desc = failed to resolve reference "shop/web:v9": not found)"));
  EXPECT_EQ(t.kind, TroubleKind::ImagePull);
  EXPECT_EQ(t.cure, Cure::Version);
  EXPECT_EQ(t.message,
            R"(image shop/web:v9 cannot be pulled: rpc error: code = NotFound desc = failed to resolve reference )"
            R"("shop/web:v9": not found)");
  // The back-off repeats it behind its own words (kubelet 1.31 and later): the same trouble.
  EXPECT_EQ(
      trouble(waiting(
          "ImagePullBackOff",
          R"(Back-off pulling image "shop/web:v9": ErrImagePull: rpc error: code = NotFound desc = failed to resolve reference "shop/web:v9": not found)")),
      t);
  // Before that it said nothing, and what was known goes on counting.
  EXPECT_EQ(trouble(waiting("ImagePullBackOff", R"(Back-off pulling image "shop/web:v9")")).message, "");
  EXPECT_EQ(trouble(waiting("InvalidImageName", "couldn't parse image name")).cure, Cure::Version);
  EXPECT_EQ(trouble(waiting("ErrImageNotFound", "no image shop/web:v9")).cure, Cure::Version);
}

TEST(HealthOfPod, a_registry_that_refuses_needs_somebody_and_one_that_is_away_needs_time) {
  EXPECT_EQ(
      trouble(waiting("ErrImagePull", "pull access denied, repository does not exist or may require authorization"))
          .cure,
      Cure::Somebody);
  EXPECT_EQ(trouble(waiting("ErrImagePull", "failed to do request: dial tcp 10.0.0.1:443: i/o timeout")).cure,
            Cure::Time);
}

TEST(HealthOfPod, a_container_that_keeps_ending_says_how) {
  const char* ended = R"("ready":false,"restartCount":3,"lastState":{"terminated":{"exitCode":2,"reason":"Error",
    "message":"no such column"}},"state":{"waiting":{"reason":"CrashLoopBackOff","message":"back-off 40s"}})";
  const PodTrouble t = trouble(pod(ended));
  EXPECT_EQ(t,
            (PodTrouble{TroubleKind::CrashLoop, Cure::Version, "container web ends with exit code 2: no such column"}));
  // Started once more, and not well yet: one more try.
  const char* again = R"("ready":false,"restartCount":3,"lastState":{"terminated":{"exitCode":2,"reason":"Error",
    "message":"no such column"}},"state":{"running":{"startedAt":"2026-01-01T00:00:04Z"}})";
  EXPECT_EQ(trouble(pod(again)), t);
  const char* once = R"("ready":false,"restartCount":1,"lastState":{"terminated":{"exitCode":2}},
    "state":{"running":{"startedAt":"2026-01-01T00:00:04Z"}})";
  EXPECT_EQ(health(pod(once)).trouble, std::nullopt) << "one restart may happen";
}

TEST(HealthOfPod, a_container_whose_program_is_not_there_has_never_run) {
  const char* ended = R"("ready":false,"restartCount":3,"lastState":{"terminated":{"exitCode":128,"reason":"StartError",
    "message":"exec: \"/nosuch\": no such file or directory"}},"state":{"waiting":{"reason":"CrashLoopBackOff"}})";
  EXPECT_EQ(trouble(pod(ended)),
            (PodTrouble{TroubleKind::ContainerConfig, Cure::Version,
                        "container web cannot be started: exec: \"/nosuch\": no such file or directory"}));
}

TEST(HealthOfPod, a_kill_for_memory_is_remembered_for_a_while) {
  Value p = pod(R"("ready":true,"restartCount":1,"lastState":{"terminated":{"exitCode":137,"reason":"OOMKilled",
    "finishedAt":"2026-01-01T00:00:00Z"}},"state":{"running":{"startedAt":"2026-01-01T00:00:01Z"}})");
  p.set({"status", "conditions"}, json(R"([{"type":"Ready","status":"True"}])"));
  EXPECT_EQ(trouble(p).kind, TroubleKind::OutOfMemory);
  EXPECT_EQ(health(p).look_at, kStart + kMemoryRemembered);
  EXPECT_EQ(health(p, kMemoryRemembered).trouble, std::nullopt);
  EXPECT_EQ(health(p, kMemoryRemembered).look_at, std::nullopt);
}

TEST(HealthOfPod, what_cannot_be_made_says_why) {
  EXPECT_EQ(trouble(waiting("CreateContainerConfigError", R"(configmap "web" not found)")),
            (PodTrouble{TroubleKind::ContainerConfig, Cure::Somebody,
                        R"(container web: CreateContainerConfigError: configmap "web" not found)"}));
  EXPECT_EQ(trouble(waiting("RunContainerError", "exec: \"/web\": no such file")).cure, Cure::Version);
}

TEST(HealthOfPod, init_containers_count_until_they_are_done) {
  Value p = pod(R"("ready":false,"state":{"waiting":{"reason":"PodInitializing"}})");
  p.set({"status", "initContainerStatuses"},
        json(R"([{"name":"done","ready":true,"restartCount":0,"state":{"terminated":{"exitCode":0}}},
          {"name":"migrate","ready":false,"restartCount":2,"lastState":{"terminated":{"exitCode":1}},
           "state":{"waiting":{"reason":"CrashLoopBackOff"}}}])"));
  EXPECT_EQ(trouble(p).message, "container migrate ends with exit code 1");
  p.set({"status", "initContainerStatuses"}, json(R"([{"name":"migrate","ready":false,"restartCount":0,
    "state":{"running":{"startedAt":"2026-01-01T00:00:01Z"}}}])"));
  EXPECT_EQ(trouble(p, kPodGrace).message, "init container migrate is still running");
}

TEST(HealthOfPod, no_node_takes_it) {
  const Value p = json(R"({"status":{"conditions":[{"type":"PodScheduled","status":"False","reason":"Unschedulable",
    "message":"0/3 nodes are available: 3 Insufficient cpu."}]}})");
  EXPECT_EQ(trouble(p),
            (PodTrouble{TroubleKind::Unschedulable, Cure::Time, "0/3 nodes are available: 3 Insufficient cpu."}));
}

TEST(HealthOfPod, a_pod_has_half_a_minute_to_start_and_then_events_tell) {
  const Value p = pod(R"("ready":false,"state":{"waiting":{"reason":"ContainerCreating"}})",
                      R"(,{"type":"PodReadyToStartContainers","status":"False"})");
  EXPECT_EQ(health(p).trouble, std::nullopt);
  EXPECT_EQ(health(p).look_at, kStart + kPodGrace);
  EXPECT_FALSE(health(p).ask_events);
  EXPECT_TRUE(health(p, kPodGrace).ask_events);
  EXPECT_EQ(trouble(p, kPodGrace),
            (PodTrouble{TroubleKind::NotStarting, Cure::Time, "its volumes or its network are not there yet"}));
  const Value warnings = Value::array(
      {warning("FailedMount", "old"), warning("FailedMount", "secret \"db\" not found"), warning("Unhealthy", "no")});
  EXPECT_EQ(trouble(p, kPodGrace, warnings),
            (PodTrouble{TroubleKind::VolumeMount, Cure::Somebody, "secret \"db\" not found"}));
  const Value pulls = pod(R"("ready":false,"state":{"waiting":{"reason":"ContainerCreating"}})",
                          R"(,{"type":"PodReadyToStartContainers","status":"True"})");
  EXPECT_EQ(trouble(pulls, kPodGrace).message, "its containers have not started: an image may still be on its way");
}

TEST(HealthOfPod, one_that_runs_has_half_a_minute_to_get_ready) {
  const Value p = pod(R"("ready":false,"restartCount":0,"state":{"running":{"startedAt":"2026-01-01T00:00:10Z"}})");
  EXPECT_EQ(health(p).look_at, kStart + seconds(10) + kPodGrace);
  EXPECT_EQ(trouble(p, seconds(40)).message, "container web is not ready");
  EXPECT_EQ(trouble(p, seconds(40), Value::array({warning("Unhealthy", "Readiness probe failed: HTTP 503")})).message,
            "container web is not ready: Readiness probe failed: HTTP 503");
  // It was ready until a moment ago.
  Value lost = p;
  lost.set({"status", "conditions"},
           json(R"([{"type":"Ready","status":"False","lastTransitionTime":"2026-01-01T00:02:00Z"}])"));
  EXPECT_EQ(health(lost, seconds(125)).trouble, std::nullopt);
  EXPECT_EQ(health(lost, seconds(125)).look_at, kStart + seconds(150));
  Value gated = pod(R"("ready":true,"restartCount":0,"state":{"running":{"startedAt":"2026-01-01T00:00:10Z"}})");
  gated.set({"spec", "readinessGates"}, json(R"([{"conditionType":"example.com/lb"}])"));
  EXPECT_EQ(trouble(gated, seconds(40)).message, "readiness gate example.com/lb is not met");
}

TEST(HealthOfPod, a_well_pod_has_nothing) {
  const Value p = json(R"({"status":{"conditions":[{"type":"Ready","status":"True"}],"containerStatuses":[{"name":"web",
    "ready":true,"restartCount":7,"lastState":{"terminated":{"exitCode":1}},"state":{"running":{}}}]}})");
  EXPECT_EQ(health(p).trouble, std::nullopt);
  EXPECT_EQ(health(p).look_at, std::nullopt);
}

TEST(HealthOfPod, long_messages_keep_their_end) {
  const std::string text = trouble(waiting("CreateContainerError", std::string(500, 'x') + ": no space left")).message;
  EXPECT_LT(text.size(), 400u);
  EXPECT_TRUE(text.ends_with(": no space left")) << text;
}

TEST(CreationTrouble, tells_a_quota_from_a_policy_and_a_webhook) {
  const auto kind = [](const char* text) { return creation_trouble(text).kind; };
  EXPECT_EQ(kind(R"(pods "web-1" is forbidden: exceeded quota: few, requested: pods=1, used: pods=2, limited: pods=2)"),
            TroubleKind::Quota);
  EXPECT_EQ(kind(R"(pods "web-1" is forbidden: failed quota: few: must specify limits.cpu for: web)"),
            TroubleKind::Quota);
  EXPECT_EQ(kind(R"(pods "web-1" is forbidden: violates PodSecurity "restricted:latest": runAsNonRoot != true)"),
            TroubleKind::PodRefused);
  EXPECT_EQ(kind(R"(admission webhook "policy.example.com" denied the request: no owner label)"),
            TroubleKind::PodRefused);
  EXPECT_EQ(kind(R"(pods "web-1" is forbidden: ValidatingAdmissionPolicy 'p' with binding 'b' denied request: no)"),
            TroubleKind::PodRefused);
  EXPECT_EQ(
      kind(R"(Internal error occurred: failed calling webhook "x.example.com": failed to call webhook: Post ...)"),
      TroubleKind::WebhookUnreachable);
  EXPECT_EQ(kind(R"(error looking up service account shop/web: serviceaccount "web" not found)"),
            TroubleKind::PodNotMade);
  EXPECT_EQ(creation_trouble("exceeded quota: few").message, "exceeded quota: few");
}

}  // namespace
}  // namespace slipway::delivery
