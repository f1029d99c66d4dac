#include "view/view.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "view/render.h"
#include "view/test_objects.h"

namespace slipway::view {
namespace {

using delivery::Phase;
using namespace test;

delivery::Trouble missing_image() {
  return {.kind = delivery::TroubleKind::ImagePull,
          .cure = delivery::Cure::Version,
          .object = "Pod web-b-1",
          .version = "h13",
          .message = "image shop/web:1.9.0 cannot be pulled: not found",
          .count = 2,
          .since = ago(40)};
}

TEST(View, what_is_wrong_and_what_helps) {
  delivery::State s = canary_state();
  s.troubles = {
      missing_image(),
      {.kind = delivery::TroubleKind::NoData, .object = "AnalysisRun web-13-1-2", .message = "metric p99: no data"}};
  const ReleaseView v = compute(objects_with(s), kNow);
  EXPECT_EQ(text(render_troubles(v, {.width = 0})),
            "✗ REL-P03 ImagePull   Pod web-b-1 and 1 more, for 40s\n"
            "  image shop/web:1.9.0 cannot be pulled: not found\n"
            "  it does not pass by itself: the image has to be there, or another version is needed    next: slipway "
            "deploy web -n shop --image CONTAINER=IMAGE\n"
            "! REL-M02 NoData   AnalysisRun web-13-1-2\n"
            "  metric p99: no data\n"
            "  it may pass by itself    next: slipway get analysisrun web-13-1-2 -n shop -o yaml\n");
  s.message = "0 of 1 candidate pods are available; Pod web-b-1: image shop/web:1.9.0 cannot be pulled: not found";
  EXPECT_EQ(message_beside_troubles(compute(objects_with(s), kNow)), "0 of 1 candidate pods are available");
  EXPECT_TRUE(text(render_live(v, {})).ends_with(text(render_troubles(v, {}))));
  EXPECT_EQ(
      render_waiting(v),
      "12:02:18.000  waiting   analysis web-13-1-2 is measuring; step 2/4 analysis errors; 40s; error-rate 0.4 % "
      "(limit 1 %); REL-P03 ImagePull: Pod web-b-1 and 1 more: image "
      "shop/web:1.9.0 cannot be pulled: not found (for 40s); REL-M02 NoData: AnalysisRun web-13-1-2: metric p99: no "
      "data");
  s.troubles = {
      {.kind = delivery::TroubleKind::RouteMissing, .object = "HTTPRoute web", .message = "it does not exist"}};
  EXPECT_NE(text(render_live(compute(objects_with(s), kNow), {})).find("wanted 5 %   not known now\n"),
            std::string::npos);
  const Value document = to_value(v)["troubles"].at(0);
  EXPECT_EQ(document["code"], Value("REL-P03"));
  EXPECT_EQ(document["remedy"], Value("slipway deploy web -n shop --image CONTAINER=IMAGE"));
}

TEST(View, a_live_canary) {
  EXPECT_EQ(text(render_live(compute(objects_with(canary_state()), kNow), {})),
            "release/web  shop  revision 12 → 13               canary · step 2/4 · 2m18s · 1 approval left\n"
            "web=shop/web:1.8.2 → web=shop/web:1.9.0\n"
            "\n"
            " ✔ 1 weight 5 %       98s\n"
            " ● 2 analysis errors  40s  error-rate 0.4 % (limit 1 %)\n"
            " · 3 weight 50 %  · 4 approval\n"
            "\n"
            "traffic   stable ███████████████████████░ candidate   wanted 5 %   verified 5 %\n"
            "metric      now    stable  limit  last  verdict\n"
            "error-rate  0.4 %  0.2 %   1 %    ▁█    pass 2/3\n"
            "\n"
            "⟳ web              progressing\n"
            "├─ # 13 candidate  0/1 ready         web=shop/web:1.9.0\n"
            "│  └─ □ web-b-1    ImagePullBackOff  3m                  restarts 0  shop/web:v9 is not there\n"
            "└─ # 12 stable     2/2 ready         web=shop/web:1.8.2\n"
            "   ├─ ■ web-a-1    ready             3m                  restarts 0\n"
            "   └─ ■ web-a-2    ready             3m                  restarts 1\n"
            "Progressing: analysis web-13-1-2 is measuring\n");
}

TEST(View, a_preview_in_another_namespace_says_where_it_is_instead_of_a_split_that_is_none) {
  delivery::State s = canary_state();
  s.preview = delivery::PreviewState{.space = "shop-preview", .service = "web-preview", .replicas = 2, .ready = 1};
  const ReleaseView v = compute(objects_with(s), kNow);
  const std::string shown = text(render_live(v, {}));
  EXPECT_NE(shown.find("preview   web-preview.shop-preview.svc   1 of 2 pods available"), std::string::npos) << shown;
  EXPECT_EQ(shown.find("traffic "), std::string::npos) << shown;
  EXPECT_EQ(to_value(v)["preview"]["namespace"], Value("shop-preview"));
}

TEST(View, a_wait_says_until_when_and_who_let_it_go_on) {
  Objects o{
      .release = json(
          R"({"metadata":{"name":"web","namespace":"shop"},"spec":{"target":{"name":"web"},"strategy":{"rolling":{}}},
    "status":{"phase":"Waiting","message":"waits for the window Mon, which opens at 2026-11-23T15:14:18Z",
    "waiting":{"reason":"Window","window":"Mon","until":"2026-11-23T15:14:18.000000Z"},
    "override":{"by":"ann","reason":"fix for 12","at":"2026-11-23T12:00:00.000000Z"}}})")};
  const ReleaseView v = compute(o, kNow);
  EXPECT_EQ(v.message, "waits for the window Mon, which opens at 2026-11-23T15:14:18Z (in 3h12m)");
  EXPECT_EQ(outcome_of(v), Outcome::UnderWay);
  EXPECT_EQ(to_value(v)["waiting"]["until"], Value("2026-11-23T15:14:18.000000Z"));
  const Lines lines = render_live(v, {});
  EXPECT_NE(std::ranges::find(lines, "outside of its windows, as ann says: fix for 12"), lines.end());
  EXPECT_TRUE(lines.back().starts_with("Waiting: waits for the window")) << lines.back();
}

TEST(View, a_test_shows_the_requests_of_each_version) {
  delivery::State s = canary_state();
  s.variants.resize(1);
  s.variants[0] = {{.number = 13, .hash = "h13", .images = "web=shop/web:1.9.0"}, "red", "web-red"};
  s.variants[0].share = 500;
  s.variants[0].requests = 1234;
  s.traffic.stable_requests = 23456;
  const ReleaseView v = compute(objects_with(s), kNow);
  const Lines lines = render_live(v, {});
  const auto row = [&](std::string_view begin) {
    const auto found = std::ranges::find_if(lines, [&](const std::string& line) { return line.starts_with(begin); });
    return found == lines.end() ? "" : *found;
  };
  EXPECT_TRUE(row("red ").contains("1 234 ")) << row("red ");
  EXPECT_TRUE(row("stable ").contains("23 456 ")) << row("stable ");
  EXPECT_EQ(to_value(v)["traffic"]["stableRequests"], Value(23456));
}

TEST(View, log_lines_are_what_is_new) {
  delivery::State s = canary_state();
  const ReleaseView before = compute(objects_with(s), kNow);
  EXPECT_EQ(text(render_changes(nullptr, before)),
            "12:00:00.000  start     revision 13 is to replace revision 12: canary, 4 steps\n"
            "12:01:08.000  traffic   router read-back shows 5 %\n"
            "12:01:38.000  step 1    done: 5 % of the traffic to the candidate, verified at the router\n");
  s.log.push_back(entry(0, "step.done", "done: analyse errors", 1));
  s.phase = Phase::Paused;
  s.message = "waits for a person";
  EXPECT_EQ(text(render_changes(&before, compute(objects_with(s), kNow))),
            "12:02:18.000  step 2    analysis passed: error-rate 0.4 % (limit 1 %)\n"
            "12:02:18.000  paused    waits for a person\n");
  EXPECT_TRUE(render_changes(&before, before).empty());
}

TEST(View, a_rollback_shows_its_evidence) {
  EXPECT_EQ(
      text(render_rollback(compute(rolled_back(), kNow), {.width = 140})),
      "✗ release/web  revision 13 ROLLED BACK to 12   at 5 %, step 2\n"
      "  why     error-rate failed once, 0 tolerated (AnalysisFailed)\n"
      "          candidate 4.7 % [3.6 – 6.2]   stable 0.2 % [0.092 – 0.44]   samples 1000, 3000\n"
      "          12:02:13.000 Failed 3.1 % 12:02:13.000 Failed 4.7 %\n"
      "  effect  traffic back in 0.400 s, 0.420 s after the failing measurement; no session left after 0.980 s\n"
      "  proof   verification Passed\n"
      "          ✔ traffic: the router gives nothing to the candidate\n"
      "          · metrics: the release has no analysis\n"
      "  diff    12 → 13: image shop/web:1.8.2 → shop/web:1.9.0\n"
      "  next    slipway explain web@13 -n shop    slipway logs web@13 -n shop    slipway undo web -n shop    slipway "
      "retry web -n shop\n"
      "          the Deployment still asks for web=shop/web:1.9.0: held at revision 12 until its template changes\n");
}

// What it cost, what its pods wrote, and those that are there to be looked at.
TEST(View, a_rollback_shows_what_it_has_left) {
  Objects o = rolled_back();
  delivery::State s = delivery::read_state(o.release["status"]);
  s.last_rollback->served = 2114;
  s.last_rollback->failed = 99;
  s.last_rollback->counted_for = base::seconds(90);
  s.last_rollback->failures = {{"POST", "/cart/checkout", 500, 95, kNow - base::minutes(2), "web-b-1"},
                               {"", "", 0, 4, {}, ""}};
  s.last_rollback->failures_told = 99;
  s.kept_pods = {{"web-b-1", "uid-1", 13, kNow + base::minutes(28)}, {"web-b-9", "uid-9", 13, kNow}};
  o.release.set("status", delivery::write_state(s));
  Value kept = pod("web-b-1", "web-b", false, 3);
  kept.set({"metadata", "uid"}, "uid-1");
  kept.set({"metadata", "labels"}, json(R"({"slipway.dev/kept-of":"web","slipway.dev/kept-revision":"13"})"));
  kept.set({"metadata", "ownerReferences"}, Value::array());
  o.pods[2] = kept;
  o.findings = {{"column cart.discount does not exist", "web-b-1", 95}, {"timeout", "web-b-1", 1}};
  const ReleaseView v = compute(o, kNow);
  const std::string shown = text(render_rollback(v, {.width = 140}));
  for (const char* line :
       {"  what    96 % of the errors: POST /cart/checkout → 500, first seen 12:00:",
        " on web-b-1\n          4 % of the errors: various requests\n          log of web-b-1, 95 times: column "
        "cart.discount does not exist\n          log of web-b-1, once: timeout\n",
        "          99 of 2 114 requests that it answered failed (of the last 90s)\n",
        "          1 of its pods is kept to look at, for 28m from now\n", "slipway logs web@13 -n shop"})
    EXPECT_NE(shown.find(line), std::string::npos) << line << "in:\n" << shown;
  EXPECT_NE(text(render_tree(v, {.width = 140})).find("└─ # 13 kept for 28m"), std::string::npos)
      << text(render_tree(v, {.width = 140}));
  EXPECT_NE(text(render_markdown(v, "")).find("| what | 96 % of the errors: POST /cart/checkout → 500, first seen"),
            std::string::npos);
  const Value json = to_value(v);
  EXPECT_EQ(json["findings"].at(0)["count"], Value(95));
  EXPECT_EQ(json["versions"].at(json["versions"].size() - 1)["role"], Value("kept"));
}

TEST(View, a_rollback_that_nobody_is_to_blame_for_offers_no_retry) {
  Objects o = rolled_back();
  delivery::State s = delivery::read_state(o.release["status"]);
  s.phase = delivery::Phase::RollingBack;
  s.retreat = s.last_rollback;
  s.retreat->cause = delivery::Cause::Reverted;
  o.release.set("status", delivery::write_state(s));
  EXPECT_EQ(text(render_rollback(compute(o, kNow), {.width = 140})).find("retry"), std::string::npos);
}

TEST(View, a_rollback_shows_what_its_version_had_changed) {
  Objects o = rolled_back();
  const auto env = [](const char* list) { return json(list); };
  const auto with = [&](Value rs, const char* list, const char* memory) {
    Value c = rs["spec"]["template"]["spec"]["containers"].at(0);
    c.set("env", env(list));
    c.set({"resources", "limits", "memory"}, memory);
    rs.set({"spec", "template", "spec", "containers"}, Value::array({c}));
    return rs;
  };
  o.replica_sets[0] =
      with(o.replica_sets[0], R"([{"name":"OLD","value":"1"},{"name":"API_TOKEN","value":"a"}])", "1Gi");
  o.replica_sets[1] =
      with(o.replica_sets[1], R"([{"name":"API_TOKEN","value":"b"},{"name":"FEATURE_DISCOUNT","value":"on"}])", "2Gi");
  EXPECT_NE(
      text(render_rollback(compute(o, kNow), {.width = 300}))
          .find("  diff    12 → 13: image shop/web:1.8.2 → shop/web:1.9.0 · env OLD (gone) · env API_TOKEN *** → *** · "
                "env FEATURE_DISCOUNT=on (new) · … 1 more: slipway diff web 12 13 -n shop\n"),
      std::string::npos)
      << text(render_rollback(compute(o, kNow), {.width = 300}));
  EXPECT_EQ(to_value(compute(o, kNow))["changed"].size(), 5u);
  // What the Release has kept counts, and says what was in ConfigMaps.
  for (const char* hash : {"h12", "h13"}) {
    Value kept = json(R"({"metadata":{"labels":{"slipway.dev/release":"web"}},"data":{"template":{"spec":{}}}})");
    kept.set({"metadata", "labels", "pod-template-hash"}, hash);
    kept.set({"data", "config", "web-config", "data", "mode"}, hash);
    o.revisions.push_back(kept);
  }
  EXPECT_NE(text(render_rollback(compute(o, kNow), {.width = 300}))
                .find("12 → 13: ConfigMap web-config.data.mode h12 → h13\n"),
            std::string::npos)
      << text(render_rollback(compute(o, kNow), {.width = 300}));
}

// What a person said outlives the next command, which takes its place in the status.
TEST(View, a_step_shows_who_let_it_go_on_and_the_head_who_asked) {
  delivery::State s = canary_state();
  const auto said = [](int seconds_ago, const char* inputs) {
    Value e = entry(seconds_ago, "command", "so");
    e.set("inputs", json(inputs));
    return e;
  };
  s.log.insert_at(0, said(139, R"({"verb":"undo","by":"bob","reason":"too slow","accepted":true,"hash":"h13"})"));
  s.log.push_back(said(35, R"({"verb":"promote","by":"eve","accepted":false,"step":1})"));
  s.log.push_back(said(30, R"({"verb":"promote","by":"alice","reason":"looks\ngood","accepted":true,"step":1})"));
  s.log.push_back(entry(30, "step.done", "done: approval", 1));
  s.user_step = 2;
  Objects o = objects_with(s);
  o.runs = {};
  o.release.set({"spec", "strategy", "canary", "steps"}, json(R"([{"weight":5},{"pause":{}},{"weight":50}])"));
  const ReleaseView v = compute(o, kNow);
  const std::string shown = text(render_live(v, {.width = 200}));
  EXPECT_NE(shown.find("  by bob (undo), \"too slow\"\n"), std::string::npos) << shown;
  EXPECT_NE(shown.find(" ✔ 2 approval     10s  approved by alice, 12:01:48, \"looks good\"\n"), std::string::npos)
      << shown;
  EXPECT_EQ(shown.find("eve"), std::string::npos) << "she was refused\n" << shown;
  EXPECT_NE(text(render_changes(nullptr, v)).find("canary, 3 steps, by bob (undo), \"too slow\"\n"), std::string::npos);
  EXPECT_EQ(to_value(v)["asked"]["by"], Value("bob"));
  EXPECT_EQ(to_value(v)["steps"].at(1)["commands"].at(0)["by"], Value("alice"));
  const auto commands_after = [&](Value e) {
    delivery::State later = s;
    later.log.push_back(std::move(e));
    o.release.set("status", delivery::write_state(later));
    return compute(o, kNow).steps[1].commands.size();
  };
  EXPECT_EQ(commands_after(said(20, R"({"verb":"back","by":"bob","accepted":true,"step":2})")), 0u)
      << "it is waited for again";
  EXPECT_EQ(commands_after(said(20, R"({"verb":"back","by":"bob","accepted":true,"step":3})")), 1u);
  EXPECT_EQ(commands_after(entry(20, "plan.changed", "the steps changed")), 0u) << "step 2 may be another one now";
  s.candidate->hash = "h14";
  o.release.set("status", delivery::write_state(s));
  EXPECT_FALSE(compute(o, kNow).asked) << "bob asked for another version, which needed no release";
}

TEST(View, without_a_command_the_workload_says_who_changed_it_and_why) {
  Objects o = objects_with(canary_state());
  EXPECT_FALSE(compute(o, kNow).asked);
  o.deployment = json(R"({"metadata":{"annotations":{"kubernetes.io/change-cause":"Faster cart"},"managedFields":[
      {"manager":"kubectl","time":"2026-11-23T11:00:00Z","fieldsV1":{"f:spec":{"f:template":{}}}},
      {"manager":"argocd-controller","time":"2026-11-23T12:00:00Z","fieldsV1":{"f:spec":{"f:template":{}}}},
      {"manager":"autoscaler","time":"2026-11-23T12:01:00Z","fieldsV1":{"f:spec":{"f:replicas":{}}}},
      {"manager":"controllers","time":"2026-11-23T12:02:00Z","subresource":"status","fieldsV1":{"f:spec":{"f:template":{}}}}]}})");
  const std::string shown = text(render_live(compute(o, kNow), {.width = 200}));
  EXPECT_NE(shown.find("web=shop/web:1.8.2 → web=shop/web:1.9.0           by argocd-controller, \"Faster cart\"\n"),
            std::string::npos)
      << shown;
  o.deployment.set({"metadata", "managedFields"}, json(R"json([{"manager":"slipway: admin (alice)",
      "time":"2026-11-23T12:00:00Z","fieldsV1":{"f:spec":{"f:template":{}}}}])json"));
  EXPECT_EQ(compute(o, kNow).asked->by, "admin (alice)") << "slipway deploy says who";
}

TEST(View, a_tool_is_not_taken_for_a_person) {
  Objects o = objects_with(canary_state());
  const auto asked_by = [&](const char* manager) {
    Value entry = json(R"({"time":"2026-11-23T12:00:00Z","fieldsV1":{"f:spec":{"f:template":{}}}})");
    entry.set("manager", manager);
    o.deployment.set({"metadata", "managedFields"}, Value::array({entry}));
    const std::string head = render_live(compute(o, kNow), {.width = 200})[1];
    return head.substr(head.rfind("  ") + 2);
  };
  EXPECT_EQ(asked_by("kubectl-set"), "with kubectl set");
  EXPECT_EQ(asked_by("kubectl-client-side-apply"), "with kubectl apply");
  EXPECT_EQ(asked_by("kubectl"), "with kubectl apply");
  EXPECT_EQ(asked_by("kubectl-new-command"), "with kubectl");
  EXPECT_EQ(asked_by("helm"), "by helm");
  o.deployment.set({"metadata", "managedFields"}, json(R"([{"manager":"kubectl-edit","time":"2026-11-23T12:00:00Z",
      "fieldsV1":{"f:spec":{"f:template":{}}}}])"));
  EXPECT_EQ(to_value(compute(o, kNow))["asked"], json(R"({"tool":"kubectl edit"})"));
}

TEST(View, a_sign_of_life_names_what_is_waited_for) {
  EXPECT_EQ(render_waiting(compute(objects_with(canary_state()), kNow)),
            "12:02:18.000  waiting   analysis web-13-1-2 is measuring; step 2/4 analysis errors; 40s; error-rate 0.4 % "
            "(limit 1 %)");
}

TEST(View, outcomes_are_those_of_a_wait) {
  EXPECT_EQ(outcome_of(compute(objects_with(canary_state()), kNow)), Outcome::UnderWay);
  EXPECT_EQ(outcome_of(compute(rolled_back(), kNow)), Outcome::EndedBadly);
}

TEST(View, history_and_explanation_are_tables) {
  delivery::State s = canary_state();
  s.history = json(
      R"([{"revision":12,"images":"web=shop/web:1.8.2","result":"Released","startedAt":"2026-11-23T10:00:00Z","finishedAt":"2026-11-23T10:04:00Z"},
                       {"revision":11,"images":"web=shop/web:1.8.1","result":"RolledBack","message":"p99 failed"}])");
  const ReleaseView v = compute(objects_with(s), kNow);
  EXPECT_EQ(text(render_history(v, {})),
            "REVISION  IMAGES              RESULT      STARTED               TOOK  WHY\n"
            "12        web=shop/web:1.8.2  Released    2026-11-23T10:00:00Z  4m\n"
            "11        web=shop/web:1.8.1  RolledBack                              p99 failed\n");
  const Lines explained = render_explain(v, {.width = 200});
  ASSERT_EQ(explained.size(), 5u);
  EXPECT_EQ(explained[1], "revision 12 (web=shop/web:1.8.2) → 13 (web=shop/web:1.9.0)");
}

TEST(View, history_says_who_asked_for_what_and_why) {
  delivery::State s = canary_state();
  s.history = json(R"([
      {"revision":14,"images":"web=shop/web:1.8.1","result":"Released","by":"bob","reason":"too\nslow"},
      {"revision":13,"images":"web=shop/web:1.9.0","result":"RolledBack","cause":"Aborted","by":"alice",
       "message":"aborted by alice"},
      {"revision":12,"images":"web=shop/web:1.8.2","result":"RolledBack","cause":"AnalysisFailed","message":"p99 failed"}])");
  ReleaseView v = compute(objects_with(s), kNow);
  EXPECT_EQ(text(render_history(v, {})),
            "REVISION  IMAGES              RESULT      STARTED  TOOK  BY     REASON    WHY\n"
            "14        web=shop/web:1.8.1  Released                   bob    too slow\n"
            "13        web=shop/web:1.9.0  RolledBack                 alice            aborted\n"
            "12        web=shop/web:1.8.2  RolledBack                                  p99 failed\n");
  EXPECT_EQ(to_value(v)["history"].at(0)["by"], Value("bob"));
  EXPECT_EQ(to_value(v)["history"].at(0)["reason"], Value("too\nslow"));
  EXPECT_FALSE(to_value(v)["history"].at(2).has("by"));
  v.history.erase(v.history.begin());
  EXPECT_TRUE(render_history(v, {}).front().ends_with("TOOK  BY     WHY")) << render_history(v, {}).front();
}

// Of two versions with the same images, what tells them apart.
TEST(View, config_maps_that_differ_are_shown_with_the_images) {
  delivery::State s = canary_state();
  s.candidate->images = s.stable->images;
  s.stable->config = {{"web-config", "0011223344556677"}};
  s.candidate->config = {{"web-config", "8899aabbccddeeff"}};
  s.history = json(R"([
      {"revision":13,"images":"web=shop/web:1","config":{"a":"8899aabbccddeeff","b":"1"},"result":"RolledBack"},
      {"revision":12,"images":"web=shop/web:1","config":{"a":"0011223344556677","b":"1"},"result":"Released"}])");
  const ReleaseView v = compute(objects_with(s), kNow);
  EXPECT_NE(text(render_live(v, {.width = 200}))
                .find("web=shop/web:1.8.2, web-config@00112233 → web=shop/web:1.8.2, "
                      "web-config@8899aabb"),
            std::string::npos);
  const std::string history = text(render_history(v, {.width = 200}));
  EXPECT_NE(history.find("13        web=shop/web:1, a@8899aabb       RolledBack"), std::string::npos) << history;
  EXPECT_EQ(to_value(v)["history"].at(0)["config"], json(R"({"a":"8899aabbccddeeff"})"));
}

TEST(View, json_has_a_schema_and_the_same_facts) {
  const Value v = to_value(compute(rolled_back(), kNow));
  EXPECT_EQ(v["schema"], Value("slipway.dev/release-view/v1"));
  EXPECT_EQ(v["outcome"], Value("ended-badly"));
  EXPECT_EQ(v["rollback"]["verification"]["phase"], Value("Passed"));
  EXPECT_EQ(v["steps"].size(), 4u);
  EXPECT_EQ(v["steps"].at(1)["state"], Value("failed"));
}

TEST(Text, widths_count_characters_and_not_escapes) {
  const Style colour{.colour = true};
  EXPECT_EQ(display_width(paint(colour, Colour::Red, "✗ a")), 3u);
  EXPECT_EQ(pad("→", 3), "→  ");
  EXPECT_EQ(cut("abcdef", 4), "abc…");
  EXPECT_EQ(cut("abcd", 4), "abcd");
  EXPECT_EQ(one_line("a\nb\x1b[31m"), "a b [31m");
  EXPECT_EQ(sparkline({1, 1}), "▁▁");
  EXPECT_EQ(sparkline({0, 1}), "▁█");
  EXPECT_EQ(bar(0.5, 4), "██░░");
}

TEST(Text, what_is_wider_goes_on_in_the_next_line) {
  using Lines = std::vector<std::string>;
  EXPECT_EQ(wrap("switch 100 % to 8?  [y/N]", 14), (Lines{"switch 100 %", "to 8?  [y/N]"}));
  EXPECT_EQ(wrap("p promote   q leave", 10), (Lines{"p promote", "q leave"}));
  EXPECT_EQ(wrap("a bcdefgh i", 3), (Lines{"a", "bcdefgh", "i"}));
  EXPECT_EQ(wrap("as it is ", 0), Lines{"as it is "});
  EXPECT_EQ(wrap("", 5), Lines{""});
}

TEST(Text, what_is_higher_than_the_terminal_keeps_its_head_and_its_tail) {
  std::vector<std::string> lines;
  for (int i = 1; i <= 10; ++i) lines.push_back(std::to_string(i));
  EXPECT_EQ(fit(lines, 10), lines);
  EXPECT_EQ(fit(lines, 9), (std::vector<std::string>{"1", "2", "3", "4", "5", "6", "… 2 lines more", "9", "10"}));
  EXPECT_EQ(fit(lines, 4), (std::vector<std::string>{"1", "2", "… 7 lines more", "10"}));
  EXPECT_EQ(fit(lines, 2), (std::vector<std::string>{"1", "2"}));
  for (std::size_t rows = 0; rows < 12; ++rows) EXPECT_LE(fit(lines, rows).size(), rows);
}

}  // namespace
}  // namespace slipway::view
