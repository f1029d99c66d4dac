#include <gtest/gtest.h>

#include "cli/release_text.h"
#include "cli/verdict.h"
#include "control/pod_template.h"
#include "data/json.h"

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
  out.release = json(
      R"({"metadata":{"name":"web","namespace":"shop","generation":3},"spec":{"target":{"name":"web"},"traffic":{"route":"web","service":"web"},
      "strategy":{"canary":{"steps":[{"weight":5},{"analysis":{"templates":[{"name":"errors"}]}},{"weight":50},{"pause":{}}]}}}})");
  out.release.set("status", json(status));
  out.deployment = Value::object(
      {{"metadata", json(R"({"name":"web","namespace":"shop"})")}, {"spec", Value::object({{"template", two}})}});
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
  EXPECT_EQ(judge(sight(
                R"({"observedGeneration":3,"phase":"RolledBack","rejected":{"revision":2,"templateHash":"$HASH2"}})")),
            Verdict::RolledBack);
  EXPECT_EQ(judge(sight(
                R"({"observedGeneration":3,"phase":"RolledBack","rejected":{"revision":2,"templateHash":"$HASH1"}})")),
            Verdict::Working);
  EXPECT_EQ(judge(sight(R"({"observedGeneration":3,"phase":"Invalid"})")), Verdict::Invalid);
  EXPECT_EQ(judge(sight("{}")), Verdict::Working);
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

TEST(ReleaseText, ShowsACanaryUnderWay) {
  Sight s = sight(
      working("Progressing", R"(,"step":{"index":2,"count":4},"position":{"index":5,"since":"2026-11-23T12:02:30Z"},
      "traffic":{"wanted":50,"verified":5},"replicas":{"stable":4,"stableReady":4,"candidate":2,"candidateReady":1},"message":"waiting for the router",
      "analysis":[{"run":"errors-1","step":1,"phase":"Successful","metrics":[{"name":"error-rate","value":0.00212345,"limit":"result < 0.01","samples":2114,"passed":3,"failed":0,"phase":"Successful"}]}])"));
  s.pods.push_back(json(
      R"({"metadata":{"name":"web-bbb-x","labels":{"pod-template-hash":"bbb"},"creationTimestamp":"2026-11-23T12:00:00Z"},
      "status":{"phase":"Running","containerStatuses":[{"restartCount":2,"state":{"waiting":{"reason":"CrashLoopBackOff"}}}]}})"));
  const std::string text = release_block(Terminal("never"), s);
  EXPECT_EQ(text,
            "release/web  shop  revision 1 → 2   Progressing · step 3/4 · 2m18s\n"
            "web=web:1 → web=web:2\n"
            " ✔ 1 weight 5 %\n"
            " ✔ 2 analysis errors\n"
            " ● 3 weight 50 %  30s\n"
            " · 4 ask a person\n"
            "traffic   stable ███████████████████████░ canary   wanted 50 %   verified 5 %\n"
            "metric       now        limit           stable   samples   verdict\n"
            "error-rate   0.002123   result < 0.01            2114      Successful 3 passed, 0 failed\n"
            "now       waiting for the router\n"
            "⟳ web\n"
            "├─ # 2 canary    1/2 ready   web=web:2\n"
            "│  ├─ □ web-bbb-x                   CrashLoopBackOff 3m     restarts 2\n"
            "└─ # 1 stable    4/4 ready   web=web:1\n");
}

TEST(ReleaseText, ShowsARollbackWithItsEvidence) {
  const Sight s = sight(
      R"({"observedGeneration":3,"phase":"RolledBack","message":"revision 2 is held","stable":{"revision":1,"hash":"aaa","images":"web=web:1"},
      "rejected":{"revision":2,"templateHash":"$HASH2"},"lastRollback":{"cause":"AnalysisFailed","message":"error-rate 4.7 % over 1 %","from":{"revision":2,"images":"web=web:2"},
      "step":2,"share":25,"failingAt":"2026-11-23T12:02:00Z","startedAt":"2026-11-23T12:02:00.1Z","trafficZeroAt":"2026-11-23T12:02:00.8Z",
      "verification":{"phase":"Passed","checks":[{"name":"sessions","state":"Passed","message":"none left"}]}}})");
  const std::string text = release_block(Terminal("never"), s);
  for (const char* part :
       {"✗ revision 2 ROLLED BACK  at 25 %, step 3\n", "  why     error-rate 4.7 % over 1 % (AnalysisFailed)\n",
        "no traffic on it 0.8 s after the failing measurement\n", "  ✔ sessions Passed  none left\n",
        "next      slipway explain web -n shop"})
    EXPECT_NE(text.find(part), std::string::npos) << part << "\n" << text;
}

TEST(ReleaseText, LogLinesAndObject) {
  const Sight s = sight(R"({"observedGeneration":3,"phase":"Idle","stable":{"revision":2,"templateHash":"$HASH2"},
      "log":[{"time":"2026-11-23T12:00:44.000000Z","rule":"step.done","text":"weight 5 % reached"}]})");
  EXPECT_EQ(log_lines(s.release), (std::vector<std::string>{"12:00:44  step.done               weight 5 % reached"}));
  const Value object = release_object(s);
  EXPECT_EQ(object["verdict"].as_string(), "healthy");
  EXPECT_EQ(object["phase"].as_string(), "Idle");
  EXPECT_FALSE(object.has("log"));
}

}  // namespace
}  // namespace slipway::cli
