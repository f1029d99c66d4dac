// The life of an object: decoding, defaults, validation, what a write may change.
#include <algorithm>

#include "api/testing.h"

namespace slipway::api {
namespace {

using data::Value;
using testing::json;
using testing::kind;
using testing::lines;
using testing::yaml;

constexpr const char* kDeployment = R"(
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - name: web
        image: shop/web:1.0
        ports: [{containerPort: 8080}]
        readinessProbe: {httpGet: {port: 8080}}
)";

Value stored(const Kind& k, const Value& object) { return with_defaults(k, testing::conformed(k, object)); }

std::vector<std::string> problems_of(const Resource& r, const Value& object, const Value& old = {}) {
  return lines(validate(kind(r), stored(kind(r), object), old));
}

TEST(Conform, DropsEmptyAndNullKeepsPointers) {
  const Value pod = testing::conformed(kind(kPods), yaml(R"(
metadata: {name: a, creationTimestamp: null, labels: {}}
spec:
  {hostNetwork: false, terminationGracePeriodSeconds: 0, nodeSelector: {},
   containers: [{name: a, resources: {}, stdin: false}], volumes: [{name: v, emptyDir: {}}]}
status: {}
)"));
  EXPECT_EQ(
      data::to_json(pod),
      R"({"metadata":{"name":"a"},"spec":{"containers":[{"name":"a"}],)"
            R"("terminationGracePeriodSeconds":0,"volumes":[{"emptyDir":{},"name":"v"}]}})");
}

TEST(Conform, SaysEveryUnknownFieldAndWrongType) {
  std::vector<std::string> unknown;
  std::vector<base::Cause> problems;
  conform(kind(kDeployments),
          yaml("spec: {replicas: three, colour: red, template: {spec: {containers: [{nam: a}, 7]}}}\nfoo: 1\n"),
          unknown, problems);
  std::sort(unknown.begin(), unknown.end());
  EXPECT_EQ(unknown, (std::vector<std::string>{"foo", "spec.colour", "spec.template.spec.containers[0].nam"}));
  EXPECT_EQ(
      lines(problems),
      (std::vector<std::string>{
          "spec.replicas: Invalid value: \"string\": spec.replicas in body must be of type integer: \"string\"",
          "spec.template.spec.containers[1]: Invalid value: \"integer\": spec.template.spec.containers[1] in body must "
          "be of type object: \"integer\""}));
}

TEST(Conform, BringsScalarsIntoTheirForm) {
  const Value pod = testing::conformed(kind(kPods), yaml(R"(
metadata: {creationTimestamp: "2026-11-23T09:00:00+02:00"}
spec: {priority: 3.0, containers: [{name: a, resources: {limits: {cpu: 0.5, memory: 1024Mi}}}]}
)"));
  EXPECT_EQ(pod["metadata"]["creationTimestamp"].as_string(), "2026-11-23T07:00:00Z");
  EXPECT_TRUE(pod["spec"]["priority"].is_int());
  const Value& limits = pod["spec"]["containers"].at(0)["resources"]["limits"];
  EXPECT_EQ(limits["cpu"].as_string(), "500m");
  EXPECT_EQ(limits["memory"].as_string(), "1Gi");
}

TEST(Conform, ARightObjectIsSharedNotCopied) {
  const Value object = testing::conformed(kind(kDeployments), yaml(kDeployment));
  EXPECT_TRUE(testing::conformed(kind(kDeployments), object).shares(object));
}

TEST(Defaults, OfADeployment) {
  const Value d = stored(kind(kDeployments), yaml(kDeployment));
  const Value& spec = d["spec"];
  EXPECT_EQ(spec["replicas"].as_int(), 1);
  EXPECT_EQ(spec["revisionHistoryLimit"].as_int(), 10);
  EXPECT_EQ(spec["progressDeadlineSeconds"].as_int(), 600);
  EXPECT_EQ(data::to_json(spec["strategy"]),
            R"({"rollingUpdate":{"maxSurge":"25%","maxUnavailable":"25%"},"type":"RollingUpdate"})");
  const Value& pod = spec["template"]["spec"];
  EXPECT_EQ(pod["restartPolicy"].as_string(), "Always");
  EXPECT_EQ(pod["terminationGracePeriodSeconds"].as_int(), 30);
  EXPECT_TRUE(pod["securityContext"].is_object());
  EXPECT_TRUE(pod["enableServiceLinks"].is_null());  // of pods, not of templates
  const Value& container = pod["containers"].at(0);
  EXPECT_EQ(container["imagePullPolicy"].as_string(), "IfNotPresent");
  EXPECT_EQ(container["ports"].at(0)["protocol"].as_string(), "TCP");
  EXPECT_EQ(
      data::to_json(container["readinessProbe"]),
      R"({"failureThreshold":3,"httpGet":{"path":"/","port":8080,"scheme":"HTTP"},"periodSeconds":10,)"
            R"("successThreshold":1,"timeoutSeconds":1})");
  EXPECT_TRUE(with_defaults(kind(kDeployments), d).shares(d));
}

TEST(Defaults, PullPolicyFollowsTheTag) {
  for (auto [image, policy] : {std::pair{"web", "Always"},
                               {"web:latest", "Always"},
                               {"r:5000/web", "Always"},
                               {"web:1", "IfNotPresent"},
                               {"r:5000/web:1", "IfNotPresent"},
                               {"web@sha256:00", "IfNotPresent"}}) {
    const Value pod =
        stored(kind(kPods), json(R"({"spec":{"containers":[{"name":"a","image":")" + std::string(image) + "\"}]}}"));
    EXPECT_EQ(pod["spec"]["containers"].at(0)["imagePullPolicy"].as_string(), policy) << image;
  }
}

TEST(Defaults, RequestsOfAPodFollowItsLimits) {
  const Value pod = stored(
      kind(kPods),
      yaml("spec: {containers: [{name: a, resources: {limits: {cpu: 1, memory: 1Gi}, requests: {cpu: 500m}}}]}"));
  EXPECT_EQ(data::to_json(pod["spec"]["containers"].at(0)["resources"]["requests"]),
            R"({"cpu":"500m","memory":"1Gi"})");
}

TEST(Defaults, OfAServiceSecretAndNamespace) {
  const Value service = stored(kind(kServices), yaml("spec: {ports: [{port: 80}]}"));
  EXPECT_EQ(service["spec"]["ports"].at(0)["targetPort"].as_int(), 80);
  EXPECT_EQ(service["spec"]["type"].as_string(), "ClusterIP");
  const Value secret = stored(kind(kSecrets), yaml("stringData: {a: b}\ndata: {c: ZA==}"));
  EXPECT_EQ(data::to_json(secret), R"({"data":{"a":"Yg==","c":"ZA=="},"type":"Opaque"})");
  const Value ns = stored(kind(kNamespaces), yaml("metadata: {name: shop}"));
  EXPECT_EQ(
      data::to_json(ns),
      R"({"metadata":{"labels":{"kubernetes.io/metadata.name":"shop"},"name":"shop"},"status":{"phase":"Active"}})");
}

TEST(Validate, AGoodDeploymentHasNoProblems) { EXPECT_TRUE(problems_of(kDeployments, yaml(kDeployment)).empty()); }

TEST(Validate, SaysAllProblemsAtOnce) {
  const Value bad = yaml(R"(
metadata: {name: Web_1, namespace: shop, labels: {"a b": "x y"}}
spec:
  replicas: -1
  selector: {matchLabels: {app: other}}
  strategy: {type: Blue}
  template:
    metadata: {labels: {app: web}}
    spec:
      restartPolicy: Never
      containers:
      - {name: a, image: x, ports: [{containerPort: 0}]}
      - {name: a, image: z, volumeMounts: [{name: v, mountPath: /v}]}
      - {name: B}
)");
  const auto found = problems_of(kDeployments, bad);
  auto has = [&](std::string_view prefix) {
    return std::ranges::any_of(found, [&](const std::string& line) { return line.starts_with(prefix); });
  };
  for (const char* expected :
       {"metadata.labels: Invalid value: \"a b\": name part must consist of",
        "metadata.labels: Invalid value: \"x y\": a valid label",
        "metadata.name: Invalid value: \"Web_1\": a lowercase RFC 1123 subdomain",
        "spec.replicas: Invalid value: -1: must be greater than or equal to 0",
        "spec.strategy.type: Unsupported value: \"Blue\": supported values: \"Recreate\", \"RollingUpdate\"",
        "spec.template.metadata.labels: Invalid value: {\"app\":\"web\"}: `selector` does not match template `labels`",
        "spec.template.spec.containers[0].ports[0].containerPort: Invalid value: 0: must be between 1 and 65535, "
        "inclusive",
        "spec.template.spec.containers[1].name: Duplicate value: \"a\"",
        "spec.template.spec.containers[1].volumeMounts[0].name: Not found: \"v\"",
        "spec.template.spec.containers[2].image: Required value",
        "spec.template.spec.containers[2].name: Invalid value: \"B\": a lowercase RFC 1123 label",
        "spec.template.spec.restartPolicy: Unsupported value: \"Never\": supported values: \"Always\""})
    EXPECT_TRUE(has(expected)) << expected;
  EXPECT_EQ(found.size(), 12u) << ::testing::PrintToString(found);
}

TEST(Validate, RequiredFields) {
  EXPECT_EQ(problems_of(kDeployments, yaml("metadata: {name: a, namespace: b}")),
            std::vector<std::string>{"spec: Required value"});
  EXPECT_EQ(problems_of(kServices, yaml("metadata: {name: a, namespace: b}\nspec: {}")),
            std::vector<std::string>{"spec.ports: Required value"});
  const auto found = problems_of(kPods, yaml("metadata: {namespace: b}\nspec: {containers: [{image: x}]}"));
  EXPECT_EQ(found, (std::vector<std::string>{"metadata.name: Required value: name or generateName is required",
                                             "spec.containers[0].name: Required value"}));
}

TEST(Validate, ImmutableFields) {
  const Value old = stored(kind(kDeployments), yaml(kDeployment));
  Value changed = old;
  changed.set({"spec", "selector", "matchLabels", "tier"}, "front");
  changed.set({"spec", "template", "metadata", "labels", "tier"}, "front");
  EXPECT_EQ(
      problems_of(kDeployments, changed, old),
      std::vector<std::string>{
          "spec.selector: Invalid value: {\"matchLabels\":{\"app\":\"web\",\"tier\":\"front\"}}: field is immutable"});
}

TEST(Validate, APodMayChangeItsImageOnly) {
  const Value old =
      stored(kind(kPods), yaml("metadata: {name: a, namespace: b}\nspec: {containers: [{name: a, image: x:1}]}"));
  Value image = old, command = old;
  image.member("spec").member("containers").element(0).set("image", "x:2");
  command.member("spec").member("containers").element(0).set("command", Value::array({"sh"}));
  EXPECT_TRUE(problems_of(kPods, image, old).empty());
  const auto found = problems_of(kPods, command, old);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_TRUE(found[0].starts_with("spec: Forbidden: pod updates may not change fields other than")) << found[0];
}

TEST(Validate, InvalidErrorReadsAsKubernetesWritesIt) {
  const base::Error one =
      invalid_object(kind(kDeployments), "web", {{"FieldValueRequired", "Required value", "spec.a"}});
  EXPECT_EQ(one.message, "Deployment.apps \"web\" is invalid: spec.a: Required value");
  const base::Error two = invalid_object(kind(kPods), "a", {{"", "x", "b"}, {"", "y", "c"}});
  EXPECT_EQ(two.message, "Pod \"a\" is invalid: [b: x, c: y]");
  EXPECT_EQ(two.subject.kind, "Pod");
}

TEST(Prepare, CreateDropsWhatTheServerSays) {
  Value pod = yaml(R"(
metadata: {name: a, uid: u, creationTimestamp: "2026-01-01T00:00:00Z", generation: 7, resourceVersion: "5", labels: {a: b}}
spec: {containers: [{name: a, image: x}]}
status: {phase: Running}
)");
  pod = prepare_create(kind(kPods), pod);
  EXPECT_EQ(data::to_json(pod["metadata"]), R"({"generation":1,"labels":{"a":"b"},"name":"a"})");
  EXPECT_EQ(data::to_json(pod["status"]), R"({"phase":"Pending","qosClass":"BestEffort"})");
}

TEST(Prepare, UpdateKeepsStatusAndCountsGenerations) {
  Value old = yaml(kDeployment);
  old.set({"metadata", "generation"}, 3);
  old.set({"metadata", "uid"}, "u");
  old.set({"status", "replicas"}, 2);
  Value relabelled = old, scaled = old;
  relabelled.set({"metadata", "labels", "a"}, "b");
  relabelled.set({"metadata", "uid"}, "other");
  relabelled.set({"status", "replicas"}, 9);
  const Value a = prepare_update(kind(kDeployments), relabelled, old);
  EXPECT_EQ(a["metadata"]["generation"].as_int(), 3);
  EXPECT_EQ(a["metadata"]["uid"].as_string(), "u");
  EXPECT_EQ(a["status"]["replicas"].as_int(), 2);
  scaled.set({"spec", "replicas"}, 5);
  EXPECT_EQ(prepare_update(kind(kDeployments), scaled, old)["metadata"]["generation"].as_int(), 4);
  EXPECT_EQ(prepare_update(kind(kDeployments), old, old), old);
}

TEST(Prepare, StatusUpdateTakesOnlyTheStatus) {
  const Value old = yaml(kDeployment);
  Value object = old;
  object.set({"spec", "replicas"}, 5);
  object.set({"status", "replicas"}, 2);
  const Value out = prepare_status_update(kind(kDeployments), object, old);
  EXPECT_TRUE(out["spec"]["replicas"].is_null());
  EXPECT_EQ(out["status"]["replicas"].as_int(), 2);
}

}  // namespace
}  // namespace slipway::api
