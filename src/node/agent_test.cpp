// The agent against the real API server in virtual time, with modelled containers.
#include "node/agent.h"

#include <gtest/gtest.h>

#include "api/meta.h"
#include "apiserver/local_client.h"
#include "apiserver/test_cluster.h"
#include "node/modelled_runtime.h"

namespace slipway::node {
namespace {

using data::Value;
using std::string;

class RecordingGate final : public control::DrainGate {
 public:
  void drain(const Pod& pod, std::move_only_function<void()> done) override {
    asked.push_back(pod.name + " " + pod.ip);
    if (!stuck) done();
  }
  std::vector<string> asked;
  bool stuck = false;
};

class AgentTest : public testing::Test {
 protected:
  void SetUp() override { restart_agent(); }
  void restart_agent() {
    agent.reset();
    agent = std::make_unique<Agent>(api, cluster.loop, cluster.random, *runtime, gate,
                                    AgentOptions{.name = "node-1", .machine = {.cpus = 2, .memory = 8ll << 30}});
    agent->start();
    cluster.loop.run_for(base::seconds(1));
    ASSERT_TRUE(agent->ready());
  }
  void create(const string& yaml) {
    const auto reply = cluster.post("/api/v1/namespaces/default/pods", yaml);
    ASSERT_EQ(reply.status, 201) << reply.text;
    run(base::seconds(1));
  }
  void create_web(const string& container = "", const string& spec = "") {
    create("apiVersion: v1\nkind: Pod\nmetadata: {name: web, labels: {app: web}}\nspec:\n  nodeName: node-1\n" + spec +
           "  containers:\n  - name: web\n    image: web:1\n" + container);
  }
  void run(base::Duration d) { cluster.loop.run_for(d); }
  Value pod(const string& name = "web") { return cluster.get("/api/v1/namespaces/default/pods/" + name).body; }
  bool exists(const string& name = "web") {
    return cluster.get("/api/v1/namespaces/default/pods/" + name).status == 200;
  }
  Value status(const string& container = "web") {
    const Value p = pod();
    for (const char* list : {"containerStatuses", "initContainerStatuses"})
      for (const Value& s : p["status"][list].items())
        if (s["name"].as_string() == container) return s;
    return {};
  }
  bool ready() { return api::is_condition_true(pod(), "Ready"); }
  ContainerKey key(const string& container = "web", std::int64_t attempt = 0) {
    return {string(api::uid_of(pod())), container, attempt};
  }
  int count(const string& what) {
    return static_cast<int>(std::count(runtime->story.begin(), runtime->story.end(), what));
  }

  apiserver::testing::Cluster cluster;
  apiserver::LocalClient api{cluster.server, cluster.loop, {.user = "admin", .groups = {"system:masters"}}};
  std::unique_ptr<ModelledRuntime> runtime = std::make_unique<ModelledRuntime>(cluster.loop);
  RecordingGate gate;
  std::unique_ptr<Agent> agent;
};

TEST_F(AgentTest, RegistersItsNodeAndRenewsItsLease) {
  const Value node = cluster.get("/api/v1/nodes/node-1").body;
  EXPECT_TRUE(api::is_condition_true(node, "Ready"));
  EXPECT_EQ(node["status"]["capacity"]["cpu"].str(), "2");
  const string lease = "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/node-1";
  run(base::seconds(30));
  const string before = cluster.get(lease).body["spec"]["renewTime"].str();
  EXPECT_FALSE(before.empty());
  run(base::seconds(30));
  EXPECT_GT(cluster.get(lease).body["spec"]["renewTime"].str(), before);
}

TEST_F(AgentTest, APodRunsAndBecomesReady) {
  create_web();
  const Value p = pod();
  EXPECT_EQ(p["status"]["phase"].str(), "Running");
  EXPECT_EQ(p["status"]["podIP"].str(), "10.244.0.2");
  EXPECT_TRUE(ready());
  std::vector<string> types;
  for (const Value& c : p["status"]["conditions"].items()) types.push_back(c["type"].str());
  EXPECT_EQ(types, (std::vector<string>{"PodScheduled", "PodReadyToStartContainers", "Initialized", "ContainersReady",
                                        "Ready"}));
  EXPECT_EQ(runtime->specs[key()].argv, std::vector<string>{"/web"});
}

TEST_F(AgentTest, NothingIsWrittenWhileNothingChanges) {
  create_web("    readinessProbe: {httpGet: {path: /ready, port: 80}, periodSeconds: 1}\n");
  run(base::seconds(5));
  const string before = pod()["metadata"]["resourceVersion"].str();
  run(base::minutes(30));
  EXPECT_EQ(pod()["metadata"]["resourceVersion"].str(), before);
}

TEST_F(AgentTest, ReadinessFollowsItsProbeWithThresholds) {
  bool well = false;
  runtime->healthy = [&](auto&, auto&) { return well; };
  create_web("    readinessProbe: {httpGet: {path: /ready, port: 80}, periodSeconds: 2, failureThreshold: 3}\n");
  run(base::seconds(20));
  EXPECT_FALSE(ready());
  EXPECT_EQ(status()["restartCount"].as_int(), 0);
  well = true;
  run(base::milliseconds(2100));
  EXPECT_TRUE(ready());
  well = false;
  run(base::milliseconds(3900));  // two failures are not enough
  EXPECT_TRUE(ready());
  run(base::milliseconds(2200));
  EXPECT_FALSE(ready());
}

TEST_F(AgentTest, AFailingLivenessProbeRestarts) {
  bool well = true;
  runtime->healthy = [&](auto&, auto&) { return well; };
  create_web("    livenessProbe: {tcpSocket: {port: 80}, periodSeconds: 1, failureThreshold: 2}\n");
  run(base::seconds(5));
  EXPECT_EQ(status()["restartCount"].as_int(), 0);
  well = false;
  run(base::milliseconds(2500));
  EXPECT_EQ(status()["restartCount"].as_int(), 1);
  EXPECT_EQ(status()["lastState"]["terminated"]["exitCode"].as_int(), 143);
  EXPECT_EQ(count("signal web/0 15"), 1);
}

TEST_F(AgentTest, TheStartupProbeHoldsTheOthersBack) {
  bool up = false;
  std::vector<string> asked;
  runtime->healthy = [&](auto&, const string& what) {
    asked.push_back(what);
    return what != "/start" || up;
  };
  create_web(
      "    startupProbe: {httpGet: {path: /start, port: 80}, periodSeconds: 1, failureThreshold: 100}\n"
      "    livenessProbe: {httpGet: {path: /live, port: 80}}\n    readinessProbe: {httpGet: {path: /ready, port: "
      "80}}\n");
  run(base::seconds(10));
  EXPECT_EQ(std::count(asked.begin(), asked.end(), "/start"), static_cast<long>(asked.size()));
  EXPECT_FALSE(status()["started"].as_bool());
  up = true;
  run(base::seconds(2));
  EXPECT_TRUE(status()["started"].as_bool());
  EXPECT_TRUE(ready());
}

TEST_F(AgentTest, RestartsBackOffAndSaySo) {
  create_web();
  runtime->end_all("web", 1);
  run(base::milliseconds(100));
  EXPECT_EQ(status()["restartCount"].as_int(), 1);  // the first at once
  runtime->end_all("web", 1);
  run(base::seconds(5));
  EXPECT_EQ(status()["restartCount"].as_int(), 1);
  EXPECT_EQ(status()["state"]["waiting"]["reason"].str(), "CrashLoopBackOff");
  EXPECT_TRUE(status()["state"]["waiting"]["message"].as_string().starts_with(
      "back-off 10s restarting failed container=web pod=web_default("));
  EXPECT_EQ(status()["lastState"]["terminated"]["exitCode"].as_int(), 1);
  run(base::seconds(6));
  EXPECT_EQ(status()["restartCount"].as_int(), 2);
  runtime->end_all("web", 1);
  run(base::seconds(19));
  EXPECT_EQ(status()["restartCount"].as_int(), 2);
  run(base::seconds(2));
  EXPECT_EQ(status()["restartCount"].as_int(), 3);
  run(base::minutes(11));  // forgiven
  runtime->end_all("web", 1);
  run(base::milliseconds(100));
  EXPECT_EQ(status()["restartCount"].as_int(), 4);
}

TEST_F(AgentTest, DeletionDrainsThenStopsThenRemoves) {
  create_web();
  gate.stuck = true;
  runtime->deaf_to = {SIGTERM};
  ASSERT_EQ(cluster.remove("/api/v1/namespaces/default/pods/web").status, 200);
  run(base::seconds(9));
  EXPECT_EQ(gate.asked, std::vector<string>{"web 10.244.0.2"});
  EXPECT_EQ(count("signal web/0 15"), 0);  // the gateway has up to ten seconds
  run(base::seconds(2));
  EXPECT_EQ(count("signal web/0 15"), 1);
  EXPECT_EQ(count("signal web/0 9"), 0);
  EXPECT_TRUE(exists());
  run(base::seconds(21));
  EXPECT_EQ(count("signal web/0 9"), 1);
  EXPECT_FALSE(exists());
  EXPECT_EQ(agent->pods(), 0u);
  EXPECT_TRUE(runtime->sandboxes.empty());
  EXPECT_TRUE(runtime->containers.empty());
  EXPECT_EQ(count("logs of web removed"), 1);
}

TEST_F(AgentTest, PreStopRunsBeforeSigterm) {
  create_web("    lifecycle: {preStop: {exec: {command: [/stop]}}}\n");
  cluster.remove("/api/v1/namespaces/default/pods/web");
  run(base::seconds(1));
  EXPECT_FALSE(exists());
  const auto stop = std::find(runtime->story.begin(), runtime->story.end(), "exec web/0 /stop");
  ASSERT_NE(stop, runtime->story.end());
  EXPECT_EQ(*std::next(stop), "signal web/0 15");
}

TEST_F(AgentTest, ASleepingPreStopTakesItsTime) {
  create_web("    lifecycle: {preStop: {sleep: {seconds: 5}}}\n");
  cluster.remove("/api/v1/namespaces/default/pods/web");
  run(base::seconds(4));
  EXPECT_TRUE(exists());
  run(base::seconds(2));
  EXPECT_FALSE(exists());
}

TEST_F(AgentTest, ForceDeletionStopsAtOnce) {
  create_web();
  gate.stuck = true;
  cluster.remove("/api/v1/namespaces/default/pods/web", R"({"gracePeriodSeconds":0})");
  run(base::seconds(1));
  EXPECT_FALSE(exists());
  EXPECT_EQ(runtime->running(), 0);
  EXPECT_EQ(agent->pods(), 0u);
}

TEST_F(AgentTest, AMissingImageIsSaidAndComesLater) {
  runtime->images.clear();
  create_web();
  EXPECT_EQ(status()["state"]["waiting"]["reason"].str(), "ErrImageNotFound");
  EXPECT_NE(status()["state"]["waiting"]["message"].as_string().find("web:1"), string::npos);
  EXPECT_EQ(pod()["status"]["phase"].str(), "Pending");
  runtime->images = {"web:1"};
  run(base::seconds(31));
  EXPECT_TRUE(ready());
  EXPECT_EQ(status()["restartCount"].as_int(), 0);
}

TEST_F(AgentTest, AMissingConfigMapIsSaidAndComesLater) {
  create_web("    env: [{name: A, valueFrom: {configMapKeyRef: {name: conf, key: a}}}]\n");
  EXPECT_EQ(status()["state"]["waiting"]["reason"].str(), "CreateContainerConfigError");
  cluster.post("/api/v1/namespaces/default/configmaps",
               "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: conf}\ndata: {a: b}\n");
  run(base::milliseconds(100));
  ASSERT_TRUE(ready());
  const auto& env = runtime->specs[key()].env;
  EXPECT_NE(std::find(env.begin(), env.end(), std::pair(string("A"), string("b"))), env.end());
}

TEST_F(AgentTest, AClaimIsWaitedForAndGoesWithWhatItHeld) {
  const string claims = "/api/v1/namespaces/default/persistentvolumeclaims";
  create_web("    volumeMounts: [{name: d, mountPath: /d}]\n",
             "  volumes: [{name: d, persistentVolumeClaim: {claimName: data}}]\n");
  cluster.post(claims,
               "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: data}\nspec: {accessModes: "
               "[ReadWriteOnce], resources: {requests: {storage: 1Gi}}}\n");
  run(base::seconds(5));
  EXPECT_EQ(status()["state"]["waiting"]["message"].str(),
            "volume d: persistentvolumeclaim \"data\" has no volume yet");
  cluster.patch(claims + "/data", apiserver::testing::kMerge, R"({"spec":{"volumeName":"pvc-1"}})");
  cluster.patch(claims + "/data/status", apiserver::testing::kMerge, R"({"status":{"phase":"Bound"}})");
  run(base::milliseconds(100));
  ASSERT_TRUE(ready());
  EXPECT_EQ(runtime->volumes[string(api::uid_of(pod()))]["d"].kept, "pvc-1");
  EXPECT_FALSE(runtime->specs.at(key()).mounts.at(0).read_only);
  cluster.remove(claims + "/data");
  run(base::milliseconds(100));
  EXPECT_EQ(runtime->story.back(), "volume pvc-1 removed");
}

TEST_F(AgentTest, VolumesFollowTheirConfigMap) {
  create_web("    volumeMounts: [{name: c, mountPath: /etc/c}]\n", "  volumes: [{name: c, configMap: {name: conf}}]\n");
  EXPECT_EQ(status()["state"]["waiting"]["reason"].str(), "ContainerCreating");
  const string maps = "/api/v1/namespaces/default/configmaps";
  cluster.post(maps, "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: conf}\ndata: {a: one}\n");
  run(base::milliseconds(100));
  ASSERT_TRUE(ready());
  const string uid(api::uid_of(pod()));
  EXPECT_EQ(runtime->volumes[uid]["c"].files.at(0).bytes, "one");
  cluster.patch(maps + "/conf", apiserver::testing::kMerge, R"({"data":{"a":"two"}})");
  run(base::milliseconds(100));
  EXPECT_EQ(runtime->volumes[uid]["c"].files.at(0).bytes, "two");
  EXPECT_EQ(status()["restartCount"].as_int(), 0);
}

TEST_F(AgentTest, InitContainersRunOneAfterTheOther) {
  create_web("", "  initContainers:\n  - {name: one, image: \"web:1\"}\n  - {name: two, image: \"web:1\"}\n");
  EXPECT_EQ(runtime->story, std::vector<string>{"start one/0"});
  EXPECT_EQ(status()["state"]["waiting"]["reason"].str(), "PodInitializing");
  runtime->end_all("one", 1);  // is tried again
  run(base::milliseconds(100));
  runtime->end_all("one", 0);
  run(base::milliseconds(100));
  EXPECT_EQ(runtime->story.back(), "start two/0");
  EXPECT_EQ(pod()["status"]["phase"].str(), "Pending");
  runtime->end_all("two", 0);
  run(base::milliseconds(100));
  EXPECT_TRUE(ready());
  EXPECT_EQ(status("one")["restartCount"].as_int(), 1);
}

TEST_F(AgentTest, SidecarsStartFirstAndStopLast) {
  create_web("", "  initContainers:\n  - {name: side, image: \"web:1\", restartPolicy: Always}\n");
  EXPECT_TRUE(ready());
  cluster.remove("/api/v1/namespaces/default/pods/web");
  run(base::seconds(1));
  EXPECT_EQ(runtime->story, (std::vector<string>{"start side/0", "start web/0", "signal web/0 15", "signal side/0 15",
                                                 "logs of web removed"}));
}

TEST_F(AgentTest, PodsThatEndSucceedOrFail) {
  create_web("", "  restartPolicy: OnFailure\n");
  runtime->end_all("web", 3);
  run(base::milliseconds(100));
  EXPECT_EQ(status()["restartCount"].as_int(), 1);
  runtime->end_all("web", 0);
  run(base::milliseconds(100));
  EXPECT_EQ(pod()["status"]["phase"].str(), "Succeeded");
  EXPECT_EQ(status()["state"]["terminated"]["reason"].str(), "Completed");
  restart_agent();
  EXPECT_EQ(pod()["status"]["phase"].str(), "Succeeded");
  EXPECT_EQ(runtime->running(), 0);
}

TEST_F(AgentTest, ADeadlineFailsThePod) {
  create_web("", "  activeDeadlineSeconds: 10\n");
  run(base::seconds(11));
  EXPECT_EQ(pod()["status"]["phase"].str(), "Failed");
  EXPECT_EQ(pod()["status"]["reason"].str(), "DeadlineExceeded");
  EXPECT_EQ(runtime->running(), 0);
}

TEST_F(AgentTest, ANewAgentAdoptsWhatRuns) {
  create_web("    readinessProbe: {httpGet: {path: /ready, port: 80}, periodSeconds: 5}\n");
  runtime->end_all("web", 1);
  run(base::seconds(1));
  ASSERT_EQ(status()["restartCount"].as_int(), 1);
  const Value before = pod();
  restart_agent();
  run(base::seconds(20));
  EXPECT_EQ(pod(), before);  // not even a status was written: no flicker of readiness
  EXPECT_EQ(count("start web/0") + count("start web/1"), 2);
}

TEST_F(AgentTest, WhatEndedWhileNoAgentWasThereCountsOnce) {
  create_web();
  agent.reset();
  runtime->end_all("web", 7);
  run(base::seconds(1));
  restart_agent();
  run(base::seconds(1));
  EXPECT_EQ(status()["restartCount"].as_int(), 1);
  EXPECT_EQ(status()["lastState"]["terminated"]["exitCode"].as_int(), 7);
  EXPECT_TRUE(ready());
}

TEST_F(AgentTest, PodsDeletedWhileNoAgentWasThereAreStopped) {
  create_web();
  agent.reset();
  cluster.remove("/api/v1/namespaces/default/pods/web", R"({"gracePeriodSeconds":0})");
  ASSERT_FALSE(exists());
  restart_agent();
  run(base::seconds(1));
  EXPECT_EQ(runtime->running(), 0);
  EXPECT_TRUE(runtime->sandboxes.empty());
}

TEST_F(AgentTest, ALostStartAnswerDoesNotStartTwice) {
  runtime->lose_start_answers = true;
  create_web();
  run(base::seconds(2));
  EXPECT_TRUE(ready());
  EXPECT_EQ(runtime->story, std::vector<string>{"start web/0"});
}

TEST_F(AgentTest, ConditionsOfOthersSurvive) {
  create_web("", "  readinessGates: [{conditionType: slipway.dev/gate}]\n");
  EXPECT_FALSE(ready());
  EXPECT_TRUE(api::is_condition_true(pod(), "ContainersReady"));
  cluster.patch("/api/v1/namespaces/default/pods/web/status", apiserver::testing::kStrategic,
                R"({"status":{"conditions":[{"type":"slipway.dev/gate","status":"True"}]}})");
  run(base::milliseconds(100));
  EXPECT_TRUE(ready());
  EXPECT_TRUE(api::is_condition_true(pod(), "slipway.dev/gate"));
}

TEST_F(AgentTest, AddressesAreNotUsedTwice) {
  for (const char* name : {"a", "b", "c"})
    create("apiVersion: v1\nkind: Pod\nmetadata: {name: " + string(name) +
           "}\nspec: {nodeName: node-1, containers: [{name: web, image: \"web:1\"}]}\n");
  restart_agent();
  create(
      "apiVersion: v1\nkind: Pod\nmetadata: {name: d}\nspec: {nodeName: node-1, containers: [{name: web, image: "
      "\"web:1\"}]}\n");
  std::set<string> all;
  for (const char* name : {"a", "b", "c", "d"}) all.insert(pod(name)["status"]["podIP"].str());
  EXPECT_EQ(all.size(), 4u);
}

}  // namespace
}  // namespace slipway::node
