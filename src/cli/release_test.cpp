#include <gtest/gtest.h>

#include "cli/release_text.h"
#include "cli/verdict.h"
#include "control/pod_template.h"
#include "data/json.h"
#include "delivery/observe_in_place.h"
#include "view/test_objects.h"

namespace slipway::cli {
namespace {

using data::Value;

Value json(std::string_view text) {
  auto v = data::parse_json(text);
  SLIPWAY_CHECK(v.has_value());
  return *v;
}

// A Release `web` whose Deployment asks for image web:2. `status` may say $HASH1 and $HASH2 for the two templates.
Sight sight(std::string status) {
  const Value one = json(R"({"spec":{"containers":[{"name":"web","image":"web:1"}]}})"),
              two = json(R"({"spec":{"containers":[{"name":"web","image":"web:2"}]}})");
  for (const auto& [mark, hash] :
       {std::pair(std::string("$HASH1"), control::template_hash(one)), {"$HASH2", control::template_hash(two)}})
    for (std::size_t at; (at = status.find(mark)) != std::string::npos;) status.replace(at, mark.size(), hash);
  Sight out;
  out.objects.release = json(
      R"({"metadata":{"name":"web","namespace":"shop","generation":3},"spec":{"target":{"name":"web"},"traffic":{"route":"web","service":"web"},
      "strategy":{"canary":{"steps":[{"weight":5},{"analysis":{"templates":[{"name":"errors"}]}},{"weight":50},{"pause":{}}]}}}})");
  out.objects.release.set("status", json(status));
  out.deployment = Value::object(
      {{"metadata", json(R"({"name":"web","namespace":"shop"})")}, {"spec", Value::object({{"template", two}})}});
  out.objects.deployment = out.deployment;
  out.asked_template = two;
  out.now = *base::parse_time("2026-11-23T12:03:00Z");
  return out;
}

constexpr const char* kStable =
    R"("observedGeneration":3,"stable":{"revision":1,"hash":"aaa","templateHash":"$HASH1","images":"web=web:1"})";
constexpr const char* kCandidate =
    R"("candidate":{"revision":2,"hash":"bbb","templateHash":"$HASH2","images":"web=web:2","startedAt":"2026-11-23T12:00:42Z"})";

std::string working(const char* phase, const char* more = "") {
  return std::string("{") + kStable + "," + kCandidate + R"(,"phase":")" + phase + "\"" + more + "}";
}

TEST(Verdict, FollowsWhatTheDeploymentAsksFor) {
  const std::string idle_old = std::string("{") + kStable + R"(,"phase":"Idle"})";
  EXPECT_EQ(judge(sight(idle_old)), Verdict::Working) << "a new template that nobody has noticed yet";
  EXPECT_EQ(judge(sight(R"({"observedGeneration":3,"phase":"Idle","stable":{"revision":2,"templateHash":"$HASH2"}})")),
            Verdict::Healthy);
  EXPECT_EQ(judge(sight(R"({"observedGeneration":2,"phase":"Idle","stable":{"revision":2,"templateHash":"$HASH2"}})")),
            Verdict::Working);
  EXPECT_EQ(judge(sight(working("Progressing"))), Verdict::Working);
  EXPECT_EQ(judge(sight(working("Paused"))), Verdict::Paused);
  EXPECT_EQ(judge(sight(working("Keeping"))), Verdict::Healthy);
  EXPECT_EQ(judge(sight(
                R"({"observedGeneration":3,"phase":"RolledBack","rejected":{"revision":2,"templateHash":"$HASH2"}})")),
            Verdict::RolledBack);
  EXPECT_EQ(judge(sight(
                R"({"observedGeneration":3,"phase":"RolledBack","rejected":{"revision":2,"templateHash":"$HASH1"}})")),
            Verdict::Working);
  EXPECT_EQ(judge(sight(R"({"observedGeneration":3,"phase":"Invalid"})")), Verdict::Invalid);
  EXPECT_EQ(judge(sight("{}")), Verdict::Working);
}

// `trouble` as in the status; since a minute and a half unless it says so.
Sight troubled(const char* phase, const std::string& trouble, const char* guards = "{}") {
  const std::string troubles =
      R"(,"troubles":[{"since":"2026-11-23T12:01:30Z","object":"Pod web-1","message":"m",)" + trouble + "}]";
  Sight out = sight(working(phase, troubles.c_str()));
  out.objects.release.set({"spec", "guards"}, json(guards));
  return out;
}

TEST(Hopeless, IsWhatDoesNotPassByItself) {
  const std::string image = R"("name":"ImagePull","cure":"Version","version":"bbb")";
  EXPECT_EQ(hopeless(troubled("Progressing", image)), "REL-P03 ImagePull: Pod web-1: m");
  EXPECT_EQ(hopeless(troubled("Progressing", R"("name":"ImagePull","cure":"Time","version":"bbb")")), "");
  EXPECT_EQ(hopeless(troubled("Progressing", image + R"(,"overruled":true)")), "");
  EXPECT_EQ(hopeless(troubled("Paused", image)), "") << "a person is waited for";
  EXPECT_EQ(hopeless(troubled("Progressing", image, R"({"troubles":[{"trouble":"ImagePull","action":"Wait"}]})")), "");
  EXPECT_EQ(hopeless(troubled("Progressing", R"("name":"ServiceMissing","cure":"Somebody")")),
            "REL-T02 ServiceMissing: Pod web-1: m");
  Sight early = troubled("Progressing", image);
  early.now -= base::seconds(1);
  EXPECT_EQ(hopeless(early), "");
}

TEST(Hopeless, IsTheVersionThatIsWaitedFor) {
  const std::string stable = R"("name":"CrashLoop","cure":"Version","version":"aaa")",
                    candidate = R"("name":"CrashLoop","cure":"Version","version":"bbb")";
  EXPECT_EQ(hopeless(troubled("Progressing", stable)), "");
  EXPECT_NE(hopeless(troubled("RollingBack", stable)), "");
  EXPECT_EQ(hopeless(troubled("RollingBack", candidate)), "") << "it turns back because of it";
}

TEST(Hopeless, EndsEveryWaitButOneForTheEnd) {
  const Sight s = troubled("Progressing", R"("name":"ImagePull","cure":"Version","version":"bbb")");
  EXPECT_EQ(reached({Until::Goal::Healthy}, s), ExitCode::EndedBadly);
  EXPECT_EQ(reached({Until::Goal::Paused}, s), ExitCode::EndedBadly);
  EXPECT_EQ(reached({Until::Goal::Done}, s), std::nullopt);
  EXPECT_EQ(reached({Until::Goal::Now}, s), ExitCode::Reached);
}

TEST(Hopeless, OfADeploymentAloneIsWhatItsPodsShow) {
  Sight s;
  s.deployment = json(R"({"metadata":{"name":"web","namespace":"shop"},"spec":{"replicas":2},
    "status":{"replicas":2,"updatedReplicas":2}})");
  Value pod = json(R"({"metadata":{"name":"web-1","creationTimestamp":"2026-11-23T12:01:30Z"},
    "status":{"phase":"Pending","containerStatuses":[{"name":"web","image":"web:9",
    "state":{"waiting":{"reason":"ErrImagePull","message":"not found"}}}]}})");
  s.objects.pods = {pod, pod};
  s.now = *base::parse_time("2026-11-23T12:03:00Z");
  EXPECT_EQ(hopeless(s), "REL-P03 ImagePull: Pod web-1 and 1 more: image web:9 cannot be pulled: not found");
  EXPECT_EQ(deployment_text(s), "updated 2, available 0 of 2; " + hopeless(s));
  s.objects.pods[0].set({"status", "containerStatuses"},
                        json(R"([{"name":"web","image":"web:9","state":{"waiting":{"reason":"ErrImagePull",
                            "message":"not\nfound"}}}])"));
  EXPECT_EQ(deployment_text(s).find('\n'), std::string::npos);
  s.now -= base::seconds(1);
  s.objects.pods[0] = pod;
  EXPECT_EQ(hopeless(s), "");
}

// An API server shows fields without a value, which ControllerRevisions do not hold.
TEST(Verdict, OfPodsReplacedInPlace) {
  const auto with = [](const char* status) {
    Sight s = sight(status);
    s.objects.release.set({"spec", "target", "kind"}, "DaemonSet");
    s.deployment.set({"spec", "template", "metadata"}, json(R"({"creationTimestamp":null})"));
    return judge(s);
  };
  const std::string plain =
      delivery::placed_template_hash(json(R"({"metadata":{},"spec":{"containers":[{"name":"web","image":"web:2"}]}})"));
  const auto status = [&](const char* rest) {
    std::string text = rest;
    for (std::size_t at; (at = text.find("$PLAIN")) != std::string::npos;) text.replace(at, 6, plain);
    return text;
  };
  EXPECT_EQ(with(status(R"({"observedGeneration":3,"phase":"Idle","stable":{"templateHash":"$PLAIN"}})").c_str()),
            Verdict::Healthy);
  EXPECT_EQ(with(status(R"({"observedGeneration":3,"phase":"RolledBack","stable":{"templateHash":"$PLAIN"},
                            "rejected":{"templateHash":"x","templateRestored":true}})")
                     .c_str()),
            Verdict::RolledBack)
      << "its template was given back";
  EXPECT_EQ(with(status(R"({"observedGeneration":3,"phase":"RolledBack","stable":{"templateHash":"$PLAIN"},
                            "rejected":{"templateHash":"x"}})")
                     .c_str()),
            Verdict::Working);
}

TEST(Verdict, OfADeploymentWithoutRelease) {
  Sight s;
  const auto with = [&](const char* status) {
    s.deployment = Value::object(
        {{"metadata", json(R"({"generation":2})")}, {"spec", json(R"({"replicas":3})")}, {"status", json(status)}});
    return judge(s);
  };
  EXPECT_EQ(with(R"({"observedGeneration":2,"replicas":3,"updatedReplicas":3,"availableReplicas":3})"),
            Verdict::Healthy);
  EXPECT_EQ(with(R"({"observedGeneration":1,"replicas":3,"updatedReplicas":3,"availableReplicas":3})"),
            Verdict::Working);
  EXPECT_EQ(with(R"({"observedGeneration":2,"replicas":4,"updatedReplicas":3,"availableReplicas":4})"),
            Verdict::Working);
  EXPECT_EQ(
      with(R"({"observedGeneration":2,"conditions":[{"type":"Progressing","reason":"ProgressDeadlineExceeded"}]})"),
      Verdict::RolledBack);
}

TEST(Goal, GivesTheExitCode) {
  using Goal = Until::Goal;
  const Sight healthy =
      sight(R"({"observedGeneration":3,"phase":"Idle","stable":{"revision":2,"templateHash":"$HASH2"}})");
  const Sight rolled_back =
      sight(R"({"observedGeneration":3,"phase":"RolledBack","rejected":{"revision":2,"templateHash":"$HASH2"}})");
  const Sight paused = sight(working("Paused", R"(,"step":{"index":3,"count":4})"));
  const Sight under_way = sight(working("Progressing", R"(,"step":{"index":2,"count":4})"));
  for (const Goal goal : {Goal::Now, Goal::Healthy, Goal::Paused, Goal::Done, Goal::Step}) {
    EXPECT_EQ(reached({goal, 4}, healthy), ExitCode::Reached);
    EXPECT_EQ(reached({goal, 4}, rolled_back), ExitCode::EndedBadly);
    EXPECT_EQ(reached({goal, 4}, under_way), goal == Goal::Now ? std::optional(ExitCode::Reached) : std::nullopt);
  }
  EXPECT_EQ(reached({Goal::Healthy}, paused), ExitCode::WaitsForPerson);
  EXPECT_EQ(reached({Goal::Paused}, paused), ExitCode::Reached);
  EXPECT_EQ(reached({Goal::Done}, paused), std::nullopt);
  EXPECT_EQ(reached({Goal::Step, 4}, paused), ExitCode::Reached);
  EXPECT_EQ(reached({Goal::Step, 5}, paused), ExitCode::WaitsForPerson);
  EXPECT_EQ(reached({Goal::Step, 3}, under_way), ExitCode::Reached);
}

TEST(Goal, AStepThatThePlanDoesNotHaveIsNone) {
  using Goal = Until::Goal;
  const Sight idle =
      sight(R"({"observedGeneration":3,"phase":"Idle","stable":{"revision":2,"templateHash":"$HASH2"}})");
  EXPECT_EQ(impossible({Goal::Step, 4}, idle), "");
  EXPECT_EQ(impossible({Goal::Step, 99}, idle), "--until step=99: release/web has 4 steps");
  EXPECT_EQ(impossible({Goal::Healthy}, idle), "");
  Sight rolling = idle;
  rolling.objects.release.set({"spec", "strategy"}, json(R"({"rolling":{}})"));
  EXPECT_EQ(impossible({Goal::Step, 1}, rolling), "");
  EXPECT_EQ(impossible({Goal::Step, 2}, rolling), "--until step=2: release/web has 1 step");
  EXPECT_EQ(impossible({Goal::Step, 1}, Sight{}), "") << "a Deployment alone";
}

TEST(ReleaseText, SaysHowToEndAPause) {
  Sight waits = sight(working("Paused", R"(,"step":{"index":3,"count":4},"message":"waits for a person")"));
  view::test::stand_at(waits.objects, 3);
  const std::string text = release_block(Terminal("never"), waits);
  for (const char* part : {"release/web  shop  revision 1 → 2", "waits for a person\n",
                           "next      slipway promote web -n shop    slipway abort web -n shop\n"})
    EXPECT_NE(text.find(part), std::string::npos) << part << "\n" << text;
  Sight held = sight(working("Paused"));
  held.objects.release.set({"spec", "paused"}, true);
  EXPECT_NE(release_block(Terminal("never"), held).find("next      slipway resume web"), std::string::npos);
  EXPECT_EQ(release_block(Terminal("never"), sight(working("Progressing"))).find("next "), std::string::npos);
}

TEST(ReleaseText, OffersNoPromoteWhereItIsRefused) {
  const std::string refusal = "namespace shop-preview does not let previews of shop/web in: kubectl annotate ...";
  Sight s = sight(working("Paused", (R"(,"step":{"index":0,"count":4},"message":")" + refusal + '"').c_str()));
  s.objects.release.set({"spec", "strategy"}, json(R"({"blueGreen":{"previewNamespace":"shop-preview"}})"));
  view::test::stand_at(s.objects, 0);
  EXPECT_TRUE(
      release_block(Terminal("never"), s).ends_with("Paused: " + refusal + "\nnext      slipway abort web -n shop\n"))
      << release_block(Terminal("never"), s);
}

TEST(ReleaseText, OfAGrayRelease) {
  Sight s =
      sight(working("Paused", R"(,"step":{"index":1,"count":3},"message":"waits for a person: slipway promote web",
      "cohorts":{"staff":{"key":{"header":"u"},"users":["ann"]},"members":{"key":{"header":"u"},"users":["bob"]}},"traffic":{"wanted":0,"verified":0,"reached":0,"rules":"staff, 10 % of members #abc"},
      "replicas":{"stable":4,"stableReady":4,"candidate":1,"candidateReady":1})"));
  s.objects.release.set({"spec", "strategy"}, json(R"({"gray":{"key":{"header":"u"},"batches":[
      {"name":"staff","cohorts":[{"name":"staff"}]},{"cohorts":[{"name":"members","share":10}],"approve":true},{"share":33}]}})"));
  view::test::stand_at(s.objects, 1);
  EXPECT_EQ(release_block(Terminal("never"), s),
            R"(release/web  shop  revision 1 → 2                 gray release · step 2/3 · 2m18s · 1 approval left
web=web:1 → web=web:2

 ✔ 1 staff
 ● 2 10 % of members  2m18s
 · 3 33 % of everybody

traffic   candidate for staff, 10 % of members   stable for everybody else   verified

॥ web  paused
Paused: waits for a person: slipway promote web
next      slipway promote web -n shop    slipway back web -n shop    slipway abort web -n shop
)");
}

TEST(ReleaseText, OfAHaltedRelease) {
  const Sight s = sight(
      working("Paused", R"(,"message":"halted: error-rate","halt":{"cause":"AnalysisFailed","message":"error-rate"},
      "traffic":{"wanted":5,"verified":5})"));
  EXPECT_NE(
      release_block(Terminal("never"), s)
          .find("next      slipway promote web -n shop    slipway retry web -n shop    slipway back web -n shop    "
                "slipway abort web -n shop\n"),
      std::string::npos);
}

// With it a watch ends.
TEST(ReleaseText, SaysUntilWhenTheOldVersionIsKept) {
  Sight s = sight(working("Keeping", R"(,"step":{"index":3,"count":4},"traffic":{"wanted":10000,"verified":10000},
      "position":{"since":"2026-11-23T12:02:00Z"},"message":"revision 2 serves all users")"));
  for (const bool full : {false, true}) {
    s.objects.release.set({"spec", "strategy"}, json(R"({"blueGreen":{"keepPrevious":"15m"}})"));
    s.objects.release.set({"status", "position", "full"}, full);
    view::test::stand_at(s.objects, 3);
    const std::string text = release_block(Terminal("never"), s);
    EXPECT_NE(text.find(" ● 4 keep previous 15m  60s of 15m  revision 1 stays warm until 12:17:00, then scales down"),
              std::string::npos)
        << text;
    EXPECT_NE(text.find("next      slipway promote web -n shop lets the old version go"), std::string::npos) << text;
  }
}

TEST(ReleaseText, AfterASwitchUndoGoesBackAtOnce) {
  const Sight s = sight(working("Progressing", R"(,"switch":{"writtenAt":"2026-11-23T12:02:00.1Z",
      "verifiedAt":"2026-11-23T12:02:00.3Z"})"));
  EXPECT_NE(
      release_block(Terminal("never"), s).find("next      by itself    slipway undo web -n shop goes back at once"),
      std::string::npos);
}

TEST(ReleaseText, ShowsARollback) {
  const Sight s = sight(
      R"({"observedGeneration":3,"phase":"RolledBack","message":"revision 2 is held","stable":{"revision":1,"hash":"aaa","images":"web=web:1"},
      "rejected":{"revision":2,"templateHash":"$HASH2"},"lastRollback":{"cause":"AnalysisFailed","message":"error-rate 4.7 % over 1 %","from":{"revision":2,"images":"web=web:2"},
      "step":2,"share":25,"startedAt":"2026-11-23T12:02:00.1Z","trafficZeroAt":"2026-11-23T12:02:00.8Z","verification":{"phase":"Passed","checks":[{"name":"sessions","state":"Passed"}]}}})");
  const std::string text = release_block(Terminal("never"), s);
  EXPECT_NE(text.find("error-rate 4.7 % over 1 %"), std::string::npos) << text;
  EXPECT_EQ(text.find('\x1b'), std::string::npos) << "no colours in a pipe";
}

TEST(ReleaseText, Objects) {
  const Value object = release_object(
      sight(R"({"observedGeneration":3,"phase":"Idle","stable":{"revision":2,"templateHash":"$HASH2"}})"));
  EXPECT_EQ(object["verdict"].as_string(), "healthy");
  EXPECT_EQ(object["schema"].as_string(), "slipway.dev/release-view/v1");
  Sight alone;
  alone.deployment = json(R"({"metadata":{"name":"web","namespace":"shop","generation":1},"status":{}})");
  EXPECT_EQ(release_object(alone)["verdict"].as_string(), "working");
  EXPECT_EQ(release_block(Terminal("never"), alone),
            "deployment/web  shop   working   updated 0, available 0 of 1   (no Release: it rolls by itself)\n");
}

TEST(ReleaseText, TimeThatPassesIsNoNews) {
  const auto at = [](int seconds) {
    Sight s = sight(working("Progressing"));
    s.objects.deployment.set({"metadata", "uid"}, "d");
    s.objects.replica_sets = {json(R"({"metadata":{"name":"web-b","uid":"b","labels":{"pod-template-hash":"bbb"}}})")};
    s.objects.pods = {json(R"({"metadata":{"name":"web-b-1","creationTimestamp":"2026-11-23T12:01:00Z",
        "ownerReferences":[{"uid":"b","controller":true}]}})")};
    s.now += base::seconds(seconds);
    return release_object(s);
  };
  EXPECT_NE(at(0), at(7)) << "the pod is older";
  EXPECT_EQ(news_of(at(0)), news_of(at(7)));
  EXPECT_NE(news_of(at(0)), news_of(release_object(sight(working("Paused")))));
}

}  // namespace
}  // namespace slipway::cli
