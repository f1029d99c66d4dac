// Metrics of provider job: which pod is made, and what its end says.
#include "delivery/analysis/job.h"

#include <gtest/gtest.h>

#include "api/meta.h"
#include "api/resource.h"
#include "delivery/analysis/run.h"
#include "delivery/decide/modelled_cluster.h"
#include "delivery/kept.h"

namespace slipway::delivery::analysis {
namespace {

using base::milliseconds;
using base::seconds;
using base::Time;
using data::Value;

constexpr const char* kJob =
    R"({"name":"smoke","interval":"10s","count":2,"failureLimit":0,"timeout":"1m","provider":{"job":{"template":{
  "metadata":{"labels":{"team":"a"},"annotations":{"about":"{{hash}}"}},
  "spec":{"containers":[{"name":"c","image":"smoke:1","args":["http://{{service}}.{{namespace}}/"]}]}}}}})";

Value ended(int code, const char* words = "") {
  return Value::object(
      {{"phase", code == 0 ? "Succeeded" : "Failed"},
       {"containerStatuses",
        Value::array({Value::object(
            {{"name", "c"},
             {"state", Value::object({{"terminated", Value::object({{"exitCode", code},
                                                                    {"reason", code == 0 ? "Completed" : "Error"},
                                                                    {"message", words}})}})}})})}});
}

// Carries out what is decided about pods; `ends` says how a pod is after `takes`.
struct JobBench {
  Value run = json(R"({"metadata":{"name":"web-2-1-3","namespace":"shop","uid":"u1"},"spec":{"route":"web",
    "candidate":{"service":"web-canary","hash":"h2"},"stable":{"service":"web-stable","hash":"h1"}}})");
  Time now = *base::parse_time("2026-11-23T12:00:00Z");
  std::map<std::string, Value> pods = {};
  std::function<Value(int)> ends = [](int) { return ended(0); };
  base::Duration takes = seconds(3);
  int made = 0, deleted = 0;
  std::optional<base::Error> refuse = {};
  std::optional<base::Error> refused = {};
  Time refused_at = {};
  std::optional<Time> wake = {};

  explicit JobBench(const char* metric = kJob) { run.set({"spec", "metrics"}, Value::array({json(metric)})); }

  void act(const control::Effect& effect) {
    if (const auto* create = std::get_if<control::Create>(&effect)) {
      if (refuse) return void((refused = refuse, refused_at = now));
      Value pod = create->object;
      const std::string name(api::name_of(pod));
      ASSERT_FALSE(pods.contains(name)) << name << " is made twice";
      pod.set({"metadata", "uid"}, "pod-" + std::to_string(made));
      pod.set({"metadata", "creationTimestamp"}, base::format_time(now));
      pod.set("status", Value::object({{"phase", "Pending"}}));
      pods[name] = pod;
      ++made;
    }
    if (const auto* gone = std::get_if<control::Delete>(&effect)) pods.erase(gone->name), ++deleted;
  }
  void turn() {
    int number = 0;
    std::vector<Value> seen;
    for (auto& [name, pod] : pods) {
      const bool over = now - *api::time_at(pod["metadata"]["creationTimestamp"]) >= takes;
      if (over && pod["status"]["phase"].as_string() == "Pending") pod.set("status", ends(number));
      seen.push_back(client::Projection(kept_of(api::kPods))(pod));
      ++number;
    }
    const control::Decision d =
        decide_run({.run = run, .pods = seen, .refused = refused, .refused_at = refused_at}, now);
    if (!d.status.is_null()) run.set("status", d.status);
    for (const control::Effect& e : d.effects) act(e);
    wake = d.wake_at;
  }
  void pass(base::Duration time) {
    for (const Time end = now + time; now < end; now += milliseconds(500)) turn();
  }
  std::string phase() const { return run["status"]["phase"].str(); }
  const Value& result() const { return run["status"]["metricResults"].at(0); }
  std::string message() const { return run["status"]["message"].str(); }
};

TEST(JobMetric, makes_a_pod_of_the_template_that_belongs_to_the_run) {
  JobBench b;
  b.turn();
  ASSERT_EQ(b.pods.size(), 1u);
  const Value& pod = b.pods.at("web-2-1-3-m0-0");
  EXPECT_EQ(pod["metadata"]["labels"], json(R"({"team":"a","slipway.dev/analysis-run":"u1"})"));
  EXPECT_EQ(pod["metadata"]["annotations"]["about"], Value("h2"));
  EXPECT_EQ(api::controller_of(pod)["uid"], Value("u1"));
  EXPECT_EQ(pod["spec"]["restartPolicy"], Value("Never"));
  EXPECT_EQ(pod["spec"]["containers"].at(0)["args"].at(0), Value("http://web-canary.shop/"));
  EXPECT_EQ(pod["spec"]["containers"].at(0)["terminationMessagePolicy"], Value("FallbackToLogsOnError"));
  b.turn();
  EXPECT_EQ(b.made, 1) << "decided again, made once";
}

TEST(JobMetric, its_name_fits_and_tells_runs_apart) {
  Value run = json(R"({"metadata":{"namespace":"shop","uid":"u1"}})");
  const auto named = [&](const std::string& name) {
    run.set({"metadata", "name"}, name);
    return job_pod_name(run, 12, 3456);
  };
  EXPECT_EQ(named("web-1-1-2"), "web-1-1-2-m12-3456");
  const std::string a = named(std::string(100, 'a') + "b"), b = named(std::string(100, 'a') + "c");
  EXPECT_LE(a.size(), 63u);
  EXPECT_NE(a, b);
  EXPECT_TRUE(a.ends_with("-m12-3456"));
}

TEST(JobMetric, passes_when_its_pods_end_with_zero) {
  JobBench b;
  b.pass(seconds(30));
  EXPECT_EQ(b.phase(), "Successful") << b.message();
  EXPECT_EQ(b.made, 2);
  EXPECT_EQ(b.result()["measurements"].at(0)["value"], Value(1));
  EXPECT_EQ(b.pods.size(), 1u) << "the last one stays for its log";
}

TEST(JobMetric, fails_with_code_and_last_words) {
  JobBench b;
  b.ends = [](int) { return ended(3, "line 1\nconnection refused\n"); };
  b.pass(seconds(30));
  EXPECT_EQ(b.phase(), "Failed");
  EXPECT_EQ(b.made, 1);
  EXPECT_TRUE(b.message().contains("pod web-2-1-3-m0-0, container c ended with 3 (Error): line 1\nconnection refused"))
      << b.message();
  EXPECT_EQ(b.result()["measurements"].at(0)["value"], Value(0));
}

TEST(JobMetric, long_words_are_cut_in_front_between_characters) {
  JobBench b;
  std::string words = "begin";
  for (int i = 0; i < 1000; ++i) words += "\xc3\xa4";
  b.ends = [&](int) { return ended(1, words.c_str()); };
  b.pass(seconds(30));
  EXPECT_FALSE(b.message().contains("begin"));
  EXPECT_TRUE(b.message().contains("...\xc3\xa4")) << b.message();
}

TEST(JobMetric, one_that_never_ends_is_inconclusive_and_is_stopped) {
  JobBench b;
  b.takes = std::chrono::hours(10);
  b.pass(seconds(50));
  EXPECT_EQ(b.phase(), "Running");
  EXPECT_EQ(*b.wake, *base::parse_time("2026-11-23T12:01:00Z"));
  b.pass(seconds(20));
  EXPECT_EQ(b.phase(), "Inconclusive");
  EXPECT_TRUE(b.message().contains("has not ended within 1m")) << b.message();
  EXPECT_TRUE(b.pods.empty());
}

TEST(JobMetric, what_the_node_did_is_an_error_and_the_deadline_of_the_spec_a_failure) {
  JobBench evicted;
  evicted.ends = [](int) { return ended(137).with("reason", "Evicted").with("message", "no memory"); };
  evicted.pass(seconds(100));
  EXPECT_EQ(evicted.phase(), "Error");
  EXPECT_EQ(evicted.result()["errors"], Value(5));
  EXPECT_TRUE(evicted.message().contains("Evicted: no memory")) << evicted.message();
  EXPECT_LE(evicted.pods.size(), 1u);
  JobBench late;
  late.ends = [](int) { return json(R"({"phase":"Failed","reason":"DeadlineExceeded"})"); };
  late.pass(seconds(10));
  EXPECT_EQ(late.phase(), "Failed");
  EXPECT_TRUE(late.message().contains("activeDeadlineSeconds")) << late.message();
}

TEST(JobMetric, an_image_that_is_not_there_is_an_error_at_once) {
  JobBench b;
  b.takes = seconds(1);
  b.ends = [](int) {
    return json(
        R"({"phase":"Pending","containerStatuses":[{"name":"c","state":{"waiting":{"reason":"ImagePullBackOff","message":"no such image"}}}]})");
  };
  b.pass(seconds(5));
  EXPECT_EQ(b.result()["errors"], Value(1));
  EXPECT_TRUE(b.result()["measurements"].at(0)["message"].as_string().contains(
      "container c cannot start: ImagePullBackOff: no such image"));
}

TEST(JobMetric, what_the_api_refuses_is_an_error_each_time_it_is_tried) {
  JobBench b;
  b.refuse = base::Error{base::Code::Forbidden, "pods is forbidden: exceeded quota"};
  b.pass(seconds(15));
  EXPECT_EQ(b.result()["errors"], Value(2)) << "once each interval, not with every look";
  EXPECT_TRUE(b.result()["measurements"].at(0)["message"].as_string().contains(
      "pod web-2-1-3-m0-0 could not be made: pods is forbidden: exceeded quota"));
  b.refuse.reset();
  b.pass(seconds(60));
  EXPECT_EQ(b.phase(), "Successful") << b.message();
}

TEST(JobMetric, an_end_from_outside_stops_the_pod_and_is_no_failure) {
  JobBench b;
  b.takes = seconds(40);
  b.pass(seconds(5));
  ASSERT_EQ(b.pods.size(), 1u);
  b.run.set({"spec", "terminate"}, true);
  b.pass(seconds(2));
  EXPECT_EQ(b.phase(), "Successful");
  EXPECT_TRUE(b.pods.empty());
}

TEST(JobMetric, slower_than_its_interval_discards_nothing) {
  JobBench b;
  b.takes = seconds(45);
  b.pass(seconds(120));
  EXPECT_EQ(b.phase(), "Successful") << b.message();
  EXPECT_EQ(b.result()["discarded"], Value(0));
}

TEST(JobMetric, a_pod_that_somebody_deletes_is_made_again) {
  JobBench b;
  b.pass(seconds(1));
  b.pods.clear();
  b.pass(seconds(30));
  EXPECT_EQ(b.phase(), "Successful");
  EXPECT_EQ(b.made, 3);
}

}  // namespace
}  // namespace slipway::delivery::analysis
