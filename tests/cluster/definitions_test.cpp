// The CustomResourceDefinitions on a real API server: accepted as they are, and refusing what our own server refuses.
#include <gtest/gtest.h>

#include "api/crd_definition.h"
#include "api/meta.h"
#include "api/scheme.h"
#include "data/yaml.h"
#include "each_version.h"
#include "programs.h"

namespace slipway::tests {
namespace {

using data::Value;

class DefinitionsTest : public EachVersion {
 protected:
  void SetUp() override {
    EachVersion::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    for (const Value& definition : api::slipway_definitions()) {
      const auto applied = api().call({.verb = client::Verb::Patch,
                                       .resource = api::kCustomResourceDefinitions,
                                       .name = std::string(api::name_of(definition)),
                                       .body = definition,
                                       .patch_type = client::PatchType::Apply,
                                       .field_manager = "test",
                                       .force = true,
                                       .strict = true});
      ASSERT_TRUE(applied.has_value()) << applied.error().message;
      ASSERT_TRUE(eventually([&] {
        const auto now = api().get(api::kCustomResourceDefinitions, std::string(api::name_of(definition)));
        if (!now) return false;
        // What is not structural, a server says in a condition.
        EXPECT_NE(api::condition(*now, "NonStructuralSchema")["status"].as_string(), "True") << api::condition(*now, "NonStructuralSchema")["message"].str();
        return api::condition(*now, "Established")["status"].as_string() == "True";
      }));
    }
  }

  // Does our own server refuse it?
  static bool refused_by_us(Value object) {
    const auto scheme = api::Scheme::builtin();
    const api::Kind* kind = scheme->find_kind(object["apiVersion"].as_string(), object["kind"].as_string());
    if (kind->resource.namespaced) object.set({"metadata", "namespace"}, "default");
    std::vector<std::string> unknown;
    std::vector<base::Cause> problems;
    const Value clean = api::conform(*kind, object, unknown, problems);
    return !unknown.empty() || !problems.empty() || !api::validate(*kind, api::with_defaults(*kind, clean), {}).empty();
  }
  base::Result<Value> create(const Value& object) {
    const auto scheme = api::Scheme::builtin();
    const api::Kind* kind = scheme->find_kind(object["apiVersion"].as_string(), object["kind"].as_string());
    return api().call({.verb = client::Verb::Create, .resource = kind->resource, .space = kind->resource.namespaced ? "default" : "", .body = object, .dry_run = true, .strict = true});
  }
};
SLIPWAY_EACH_VERSION(DefinitionsTest);

Value release(const std::string& spec) {
  return *data::parse_yaml("apiVersion: slipway.dev/v1alpha1\nkind: Release\nmetadata: {name: web}\nspec: " + spec);
}
Value windows(const std::string& list) { return release("{target: {name: web}, strategy: {rolling: {}}, windows: " + list + "}"); }
Value policy(const std::string& rest) {
  return *data::parse_yaml("apiVersion: slipway.dev/v1alpha1\nkind: ReleasePolicy\n" + rest);
}
Value metrics(const std::string& list) {
  return *data::parse_yaml("apiVersion: slipway.dev/v1alpha1\nkind: AnalysisTemplate\nmetadata: {name: web}\nspec: {metrics: " + list + "}");
}

Value cohort(const std::string& spec) {
  return *data::parse_yaml("apiVersion: slipway.dev/v1alpha1\nkind: Cohort\nmetadata: {name: web}\nspec: " + spec);
}
Value ab_test(const std::string& strategy, const std::string& traffic = "{route: web, service: web}") {
  return release("{target: {name: web}, traffic: " + traffic + ", strategy: {abTest: " + strategy + "}}");
}
Value troubles(const std::string& list) {
  return release("{target: {name: web}, strategy: {rolling: {}}, guards: {troubles: " + list + "}}");
}
Value hooks(const std::string& list) {
  return release("{target: {name: web}, strategy: {rolling: {}}, hooks: " + list + "}");
}
Value gray(const std::string& strategy) {
  return release("{target: {name: web}, traffic: {route: web, service: web}, strategy: {gray: " + strategy + "}}");
}

Value notification(const std::string& spec) {
  return *data::parse_yaml("apiVersion: slipway.dev/v1alpha1\nkind: Notification\nmetadata: {name: chat}\nspec: " + spec);
}
Value told_of(const std::string& releases) { return notification("{webhook: {url: 'https://a/'}, releases: " + releases + "}"); }

TEST_P(DefinitionsTest, GoodObjectsAreTaken) {
  for (const Value& good : {
           release("{target: {name: web}, strategy: {rolling: {}}}"),
           release("{target: {kind: StatefulSet, name: web}, strategy: {rolling: {batches: [{replicas: 1, bake: 1m}, {percent: 12.5, approve: true}]}}}"),
           release("{target: {kind: DaemonSet, name: web}, strategy: {canary: {steps: [{weight: 5}, {pause: {}}], maxUnavailable: 2}}}"),
           release("{target: {name: web}, strategy: {rolling: {maxSurge: 25%, maxUnavailable: 0, bake: 1h30m}}, deadline: 1.5h, paused: true}"),
           release("{target: {name: web}, traffic: {kind: Service, service: web}, strategy: {canary: {steps: [{weight: 100}]}}}"),
           release("{target: {name: web}, traffic: {route: web, service: web}, strategy: {canary: {dynamicStableScale: true, steps: [{weight: 5}]}}}"),
           release("{target: {name: web}, strategy: {canary: {dynamicStableScale: false, steps: [{weight: 5}]}}}"),
           release("{target: {name: web}, traffic: {kind: VirtualService, route: web, service: web, destinationRule: web}, strategy: {canary: {steps: [{weight: 5}]}}}"),
           release("{target: {kind: Deployment, name: web}, traffic: {route: web, service: web}, strategy: {canary: {steps: [{weight: 0.01}, {pause: {}}, {weight: 5}, "
                   "{analysis: {templates: [{name: a}, {name: b}], args: [{name: x, value: blue}]}}, {pause: {duration: 30s}}, {weight: 33.33}, {weight: 100}]}}, "
                   "guards: {maxRestarts: 0, analysis: {templates: [{name: a}], fromStep: 1}}, rollback: {onInconclusive: Rollback, verifyTimeout: 5m}}"),
           release("{target: {name: web}, traffic: {route: web, service: web}, strategy: {canary: {steps: [{scale: {replicas: 0}}, {scale: {percent: 12.5}}, "
                   "{name: staff, match: {any: [{headers: [{name: x-staff, value: 'yes'}]}, {cookies: [{name: b, value: '1|2', type: RegularExpression}], "
                   "queryParams: [{name: b, value: '1'}]}]}}, {mirror: {percent: 10}}, {weight: 5}, {match: {any: []}}, {mirror: {percent: 0}}]}}}"),
           release("{target: {name: web}, traffic: {route: web, service: web}, strategy: {blueGreen: {previewNamespace: shop-preview, previewReplicas: 1}}}"),
           release("{target: {name: web}, traffic: {route: web, service: web}, strategy: {blueGreen: {previewNamespace: ''}}}"),
           ab_test("{key: {header: u}, among: [{name: all}], duration: 336h, variants: [{name: red, share: 33.33}, {name: blue-2, share: 66, replicas: 2, "
                   "cohorts: [{name: staff}], template: {spec: {containers: [{name: web, env: [{name: A, value: b}]}]}}}]}"),
           hooks("[{name: a, at: BeforeRelease, job: {template: {spec: {containers: [{name: x, image: y}]}}}, timeout: 5m}, "
                 "{name: b, at: AfterStep, step: 1, web: {url: 'https://x.example', method: POST}, retries: 2, onFailure: Ignore}, "
                 "{name: c, at: OnRollback, process: {name: p}}]"),
           gray("{key: {header: u, bucketHeader: b}, batches: [{name: staff, cohorts: [{name: a}, {name: b, share: 0.01}], replicas: 2, bake: 1m, approve: true, "
                "analysis: {templates: [{name: a}]}}, {share: 5, percent: 10}, {share: 5}, {share: 33.33}, {share: 100}]}"),
           cohort("{match: 'header[\"a\"] == \"1\"'}"),
           cohort("{description: x, key: {cookie: u}, attributes: [{name: region, header: r}, {name: age, query: a}], match: 'region != \"DE\" && age >= 18', "
                  "users: [a, b], exceptUsers: [c], share: 12.5, fallback: In, expected: 0}"),
           release("{target: {name: web}, strategy: {canary: {steps: [{analysis: {templates: [{name: a, clusterScope: true}]}}]}}}"),
           windows("[{days: [Mon, Fri], from: '09:00', to: '17:00', timeZone: Europe/Berlin}, {kind: Deny, name: lunch, from: '12:00', to: '13:00'}]"),
           windows("[{from: '22:00', to: '04:00', timeZone: America/Argentina/Buenos_Aires}, {days: [Sun], timeZone: Etc/GMT+5}, {from: '20:00', to: '24:00'}]"),
           windows("[{kind: Deny, start: '2026-12-20T00:00:00+01:00', end: '2027-01-04T00:00:00+01:00'}]"),
           policy("metadata: {name: cluster}\nspec: {maxConcurrent: 3, maxConcurrentPerNamespace: 1, stop: {reason: fire, by: ann, since: '2026-11-29T12:00:00.000000Z'}, windows: [{days: [Mon]}]}"),
           policy("metadata: {name: cluster}\nspec: {}"),
           notification("{webhook: {url: 'https://a/'}}"),
           notification("{webhook: {url: 'http://relay/', secret: s, signingKey: k, timeout: 1m}, events: [Started, VerificationFailed], giveUpAfter: 168h, paused: true}"),
           notification("{webhook: {urlKey: url, secret: s, headers: [{name: X, secretKey: k}, {name: W, value: v}]}}"),
           told_of("{names: [web]}"),
           troubles("[{trouble: ImagePull, after: 2m}, {trouble: OutOfMemory, after: 0s}, {trouble: NoData, action: Wait}, {trouble: Quota}]"),
           told_of("{selector: {matchLabels: {a: b}, matchExpressions: [{key: c, operator: In, values: [d]}, {key: e, operator: Exists}]}}"),
           metrics("[{name: errors, interval: 10s, count: 3, failureLimit: 1, successCondition: result < 0.01, provider: {gateway: {query: error-rate}}}]"),
           metrics("[{name: up, failureCondition: result == 0, provider: {prometheus: {query: up, window: 1m}}}]"),
           metrics("[{name: up, failureCondition: result == 0, provider: {prometheus: {query: up, address: 'https://p:9090', secret: p}}}]"),
           metrics("[{name: up, provider: {job: {template: {metadata: {labels: {a: b}}, spec: {containers: [{name: c, image: i}]}}}}}]"),
           metrics("[{name: up, successCondition: result > 0, provider: {process: {name: p, args: {a: b}}}}]"),
           metrics("[{name: a, interval: 1s, failureLimit: -1, consecutiveSuccessLimit: 3, onNoData: Fail, dryRun: true, successCondition: result > 0, provider: {gateway: {query: p50}}}]"),
           metrics("[{name: up, provider: {web: {url: 'https://m/{{service}}', secret: p, headers: [{name: X, secretKey: k}]}}}]"),
           metrics("[{name: up, successCondition: result < 1, provider: {web: {url: '{{args.url}}', method: POST, body: '{}', jsonPath: '$.a', timeout: 1m}}}]"),
       }) {
    EXPECT_FALSE(refused_by_us(good)) << data::to_yaml(good);
    const auto made = create(good);
    EXPECT_TRUE(made.has_value()) << data::to_yaml(good) << made.error().message;
  }
}

TEST_P(DefinitionsTest, DefaultsAreTheSame) {
  const auto made = create(release("{target: {name: web}, strategy: {rolling: {}}}"));
  ASSERT_TRUE(made.has_value());
  const api::Kind* kind = api::Scheme::builtin()->find_kind("slipway.dev/v1alpha1", "Release");
  const Value ours = api::with_defaults(*kind, release("{target: {name: web}, strategy: {rolling: {}}}"));
  EXPECT_EQ((*made)["spec"], ours["spec"]) << data::to_yaml((*made)["spec"]) << "ours\n" << data::to_yaml(ours["spec"]);
}

TEST_P(DefinitionsTest, AReleaseKeepsItsWorkload) {
  Value mine = release("{target: {name: web}, strategy: {rolling: {}}}");
  mine.set({"metadata", "name"}, "kept");
  ASSERT_TRUE(api().call({.verb = client::Verb::Create, .resource = api::kReleases, .space = "default", .body = mine}));
  const auto patched = [&](const char* patch) {
    return api().patch(api::kReleases, "kept", client::PatchType::Merge, *data::parse_yaml(patch));
  };
  const auto other = patched("spec: {target: {name: shop}}");
  ASSERT_FALSE(other.has_value());
  EXPECT_EQ(other.error().code, base::Code::Invalid) << other.error().message;
  EXPECT_FALSE(patched("spec: {target: {kind: StatefulSet}}").has_value());
  EXPECT_TRUE(patched("spec: {target: {kind: Deployment}, deadline: 1m}").has_value());
}

TEST_P(DefinitionsTest, WhatWeRefuseTheyRefuse) {
  const std::string canary = "{target: {name: web}, strategy: {canary: {steps: ";
  for (const Value& bad : {
           release("{target: {name: web}}"),
           release("{strategy: {rolling: {}}}"),
           release("{target: {kind: Job, name: web}, strategy: {rolling: {}}}"),
           release("{target: {kind: StatefulSet, name: web}, strategy: {blueGreen: {}}, traffic: {route: web, service: web}}"),
           release("{target: {kind: StatefulSet, name: web}, strategy: {canary: {steps: [{weight: 5}]}}, traffic: {route: web, service: web}}"),
           release("{target: {kind: StatefulSet, name: web}, strategy: {rolling: {maxUnavailable: 2}}}"),
           release("{target: {kind: DaemonSet, name: web}, strategy: {rolling: {maxSurge: 1}}}"),
           release("{target: {name: web}, strategy: {rolling: {batches: [{replicas: 2, percent: 5}]}}}"),
           release("{target: {name: web}, strategy: {rolling: {batches: [{}]}}}"),
           release("{target: {name: web}, strategy: {rolling: {batches: [{percent: 50}, {percent: 20}]}}}"),
           release("{target: {name: web}, strategy: {rolling: {batches: [{replicas: 5}, {percent: 20}, {replicas: 3}]}}}"),
           release("{target: {name: web}, strategy: {rolling: {batches: [{replicas: 0}]}}}"),
           release("{target: {name: web}, strategy: {rolling: {batches: [{percent: 5, bake: soon}]}}}"),
           release("{target: {name: ''}, strategy: {rolling: {}}}"),
           release("{target: {name: web}, strategy: {}}"),
           release("{target: {name: web}, strategy: {rolling: {}, canary: {steps: [{weight: 5}]}}}"),
           release("{target: {name: web}, strategy: {rolling: {}}, traffic: {route: web, service: web}}"),
           release("{target: {name: web}, strategy: {rolling: {maxSurge: 0, maxUnavailable: 0}}}"),
           release("{target: {name: web}, strategy: {canary: {dynamicStableScale: true, steps: [{weight: 5}]}}}"),
           release("{target: {name: web}, strategy: {gray: {batches: [{cohorts: [{name: a}]}]}}}"),
           release("{target: {name: web}, traffic: {route: web, service: web}, strategy: {blueGreen: {previewNamespace: Shop}}}"),
           release("{target: {name: web}, traffic: {route: web, service: web}, strategy: {blueGreen: {previewNamespace: a.b}}}"),
           ab_test("{variants: []}"),
           ab_test("{key: {header: u}, variants: [{name: a}]}"),
           ab_test("{variants: [{name: a, share: 5}]}"),
           ab_test("{key: {header: u}, variants: [{name: a, share: 5}, {name: b, share: 5}]}"),
           ab_test("{key: {header: u}, variants: [{name: a, share: 5, template: {spec: {hostNetwork: true}}}]}"),
           ab_test("{key: {header: u}, variants: [{name: A, share: 5}]}"),
           ab_test("{key: {header: u}, variants: [{name: canary, share: 5}]}"),
           ab_test("{key: {header: u}, variants: [{name: a, share: 60}, {name: b, share: 41, template: {spec: {hostNetwork: true}}}]}"),
           ab_test("{key: {header: u}, variants: [{name: a, share: 6}, {name: a, share: 4, template: {spec: {hostNetwork: true}}}]}"),
           ab_test("{key: {header: u, bucketHeader: b}, variants: [{name: a, share: 5}]}"),
           ab_test("{key: {header: u}, duration: soon, variants: [{name: a, share: 5}]}"),
           ab_test("{key: {header: u}, variants: [{name: a, share: 5}]}", "{kind: VirtualService, route: web, service: web, destinationRule: web}"),
           release("{target: {name: web}, strategy: {abTest: {key: {header: u}, variants: [{name: a, share: 5}]}}}"),
           hooks("[{name: a, at: Sometimes, process: {name: p}}]"),
           hooks("[{name: a, at: BeforeStep, process: {name: p}}]"),
           hooks("[{name: a, at: AfterRelease, step: 2, process: {name: p}}]"),
           hooks("[{name: a, at: AfterRelease}]"),
           hooks("[{name: a, at: AfterRelease, process: {name: p}, web: {url: 'https://x.example'}}]"),
           hooks("[{name: a, at: AfterRelease, process: {name: p}}, {name: a, at: OnRollback, process: {name: p}}]"),
           hooks("[{name: 'A b', at: AfterRelease, process: {name: p}}]"),
           hooks("[{name: a, at: AfterRelease, process: {name: p}, timeout: soon}]"),
           gray("{batches: []}"),
           gray("{batches: [{name: x}]}"),
           gray("{batches: [{share: 5}]}"),
           gray("{key: {header: u}, batches: [{share: 0}]}"),
           gray("{key: {header: u}, batches: [{share: 10}, {share: 5}]}"),
           gray("{key: {header: u, cookie: v}, batches: [{share: 5}]}"),
           gray("{batches: [{cohorts: [{name: ''}]}]}"),
           gray("{batches: [{cohorts: [{name: a}], replicas: 1, percent: 10}]}"),
           gray("{batches: [{cohorts: [{name: a}], bake: soon}]}"),
           cohort("{}"),
           cohort("{users: [a]}"),
           cohort("{share: 5}"),
           cohort("{key: {header: h}, share: 100}"),
           cohort("{key: {header: h}, share: 0}"),
           cohort("{match: x, attributes: [{name: a}]}"),
           cohort("{match: x, attributes: [{name: 'a b', header: h}]}"),
           cohort("{match: 'header.a == \"1\"', fallback: Maybe}"),
           cohort("{match: 'header.a == \"1\"', expected: 101}"),
           release("{target: {name: web}, strategy: {rolling: {maxSurge: 0%, maxUnavailable: '0'}}}"),
           release("{target: {name: web}, strategy: {rolling: {bake: soon}}}"),
           release("{target: {name: web}, strategy: {rolling: {bake: -5s}}}"),
           release("{target: {name: web}, strategy: {rolling: {}}, deadline: 10}"),
           release("{target: {name: web}, strategy: {rolling: {}}, unknown: 1}"),
           release("{target: {name: web}, strategy: {rolling: {}}, revisionHistoryLimit: 0}"),
           release("{target: {name: web}, strategy: {rolling: {}}, rollback: {onInconclusive: Maybe}}"),
           release("{target: {name: web}, strategy: {rolling: {}}, guards: {maxRestarts: -1}}"),
           release("{target: {name: web}, strategy: {rolling: {}}, guards: {analysis: {templates: []}}}"),
           notification("{}"),
           notification("{webhook: {}}"),
           notification("{webhook: {url: 'ftp://a/'}}"),
           notification("{webhook: {url: 'https://a/', urlKey: k, secret: s}}"),
           notification("{webhook: {urlKey: k}}"),
           notification("{webhook: {url: 'https://a/', signingKey: k}}"),
           notification("{webhook: {url: 'https://a/', headers: [{value: v}]}}"),
           notification("{webhook: {url: 'https://a/', headers: [{name: X, secretKey: k}]}}"),
           notification("{webhook: {url: 'https://a/', secret: s, headers: [{name: X, secretKey: k, value: v}]}}"),
           notification("{webhook: {url: 'http://a/', secret: s, headers: [{name: X, secretKey: k}]}}"),
           notification("{webhook: {url: 'https://a/', timeout: 2m}}"),
           notification("{webhook: {url: 'https://a/', timeout: soon}}"),
           notification("{webhook: {url: 'https://a/'}, giveUpAfter: 0s}"),
           notification("{webhook: {url: 'https://a/'}, giveUpAfter: 200h}"),
           notification("{webhook: {url: 'https://a/'}, events: [Something]}"),
           told_of("{}"),
           told_of("{names: []}"),
           told_of("{names: ['']}"),
           told_of("{selector: {matchExpressions: [{key: a, operator: In}]}}"),
           told_of("{selector: {matchExpressions: [{key: a, operator: Exists, values: [b]}]}}"),
           told_of("{selector: {matchExpressions: [{key: a, operator: Near, values: [b]}]}}"),
           windows("[{kind: Maybe}]"),
           windows("[{days: [Monday]}]"),
           windows("[{days: [Mon, Mon]}]"),
           windows("[{from: '09:00'}]"),
           windows("[{to: '09:00'}]"),
           windows("[{from: '9:00', to: '10:00'}]"),
           windows("[{from: '24:00', to: '10:00'}]"),
           windows("[{from: '09:00', to: '24:01'}]"),
           windows("[{from: '09:00', to: '09:00'}]"),
           windows("[{timeZone: Europe/Atlantis}]"),
           windows("[{timeZone: '+01:00'}]"),
           windows("[{start: '2026-12-20T00:00:00Z'}]"),
           windows("[{start: '2026-12-20', end: '2026-12-21T00:00:00Z'}]"),
           windows("[{start: '2026-12-20T00:00:00Z', end: '2026-12-20T00:00:00Z'}]"),
           windows("[{start: '2026-12-20T00:00:00Z', end: '2026-12-21T00:00:00Z', days: [Mon]}]"),
           windows("[{start: '2026-12-20T00:00:00Z', end: '2026-12-21T00:00:00Z', timeZone: UTC}]"),
           policy("metadata: {name: mine}\nspec: {}"),
           policy("metadata: {name: cluster}\nspec: {maxConcurrent: 0}"),
           policy("metadata: {name: cluster}\nspec: {stop: {by: ann}}"),
           policy("metadata: {name: cluster}\nspec: {windows: [{days: [Monday]}]}"),
           release(canary + "[]}}}"),
           release(canary + "[{}]}}}"),
           release(canary + "[{weight: 5, pause: {}}]}}}"),
           release(canary + "[{weight: 101}]}}}"),
           release(canary + "[{weight: -1}]}}}"),
           release(canary + "[{weight: 0.001}]}}}"),
           release(canary + "[{weight: 50}, {weight: 5}]}}}"),
           release(canary + "[{weight: 100}, {weight: 100}]}}}"),
           release(canary + "[{pause: {duration: later}}]}}}"),
           release(canary + "[{analysis: {templates: []}}]}}}"),
           release(canary + "[{analysis: {templates: [{name: ''}]}}]}}}"),
           release(canary + "[{analysis: {templates: [{name: a}, {name: a}]}}]}}}"),
           release(canary + "[{weight: 5}]}}, traffic: {route: web}}"),
           release(canary + "[{weight: 5}]}}, traffic: {service: web}}"),
           release(canary + "[{weight: 5}]}}, traffic: {kind: Service, route: web, service: web}}"),
           release(canary + "[{weight: 5}]}}, traffic: {kind: Gateway, route: web, service: web}}"),
           release(canary + "[{weight: 5}]}}, traffic: {route: web, service: web, destinationRule: web}}"),
           release(canary + "[{weight: 5}]}}, traffic: {route: web, service: web, canaryService: web}}"),
           release(canary + "[{weight: 5}]}}, traffic: {route: web, service: web, canaryService: web-stable}}"),
           release(canary + "[{match: {}}]}}, traffic: {route: web, service: web}}"),
           release(canary + "[{match: {any: [{}]}}]}}, traffic: {route: web, service: web}}"),
           release(canary + "[{match: {any: [{headers: []}]}}]}}, traffic: {route: web, service: web}}"),
           release(canary + "[{match: {any: [{headers: [{name: a}]}]}}]}}, traffic: {route: web, service: web}}"),
           release(canary + "[{match: {any: [{headers: [{value: a}]}]}}]}}, traffic: {route: web, service: web}}"),
           release(canary + "[{match: {any: [{headers: [{name: a, value: b, type: Glob}]}]}}]}}, traffic: {route: web, service: web}}"),
           release(canary + "[{mirror: {}}]}}, traffic: {route: web, service: web}}"),
           release(canary + "[{mirror: {percent: 101}}]}}, traffic: {route: web, service: web}}"),
           release(canary + "[{mirror: {percent: 5}, weight: 5}]}}, traffic: {route: web, service: web}}"),
           release(canary + "[{scale: {}}]}}, traffic: {route: web, service: web}}"),
           release(canary + "[{scale: {replicas: 1, percent: 1}}]}}, traffic: {route: web, service: web}}"),
           release(canary + "[{scale: {replicas: -1}}]}}, traffic: {route: web, service: web}}"),
           release(canary + "[{mirror: {percent: 5}}]}}}"),
           metrics("[]"),
           metrics("[{name: a, successCondition: result > 0, provider: {}}]"),
           metrics("[{name: a, successCondition: result > 0, provider: {gateway: {query: p50}, prometheus: {query: up}}}]"),
           metrics("[{name: up, failureCondition: result == 0, provider: {prometheus: {query: up, secret: p}}}]"),
           metrics("[{name: a, provider: {gateway: {query: p50}}}]"),
           metrics("[{name: a, successCondition: result > 0, provider: {web: {}}}]"),
           metrics("[{name: a, successCondition: result > 0, provider: {web: {url: 'ftp://m'}}}]"),
           metrics("[{name: a, successCondition: result > 0, provider: {web: {url: 'http://m', secret: p}}}]"),
           metrics("[{name: a, successCondition: result > 0, provider: {web: {url: 'http://m', body: x}}}]"),
           metrics("[{name: a, successCondition: result > 0, provider: {web: {url: 'http://m', timeout: 61s}}}]"),
           metrics("[{name: a, successCondition: result > 0, provider: {web: {url: 'http://m', jsonPath: '$..a'}}}]"),
           metrics("[{name: a, provider: {web: {url: 'http://m', jsonPath: '$.a'}}}]"),
           metrics("[{name: a, provider: {job: {}}}]"),
           metrics("[{name: a, interval: 1s, failureLimit: -1, successCondition: result > 0, provider: {gateway: {query: p50}}}]"),
           metrics("[{name: a, interval: 1s, count: 2, consecutiveSuccessLimit: 3, successCondition: result > 0, provider: {gateway: {query: p50}}}]"),
           metrics("[{name: a, consecutiveSuccessLimit: 3, successCondition: result > 0, provider: {gateway: {query: p50}}}]"),
           metrics("[{name: a, onNoData: Pass, successCondition: result > 0, provider: {gateway: {query: p50}}}]"),
           metrics("[{name: a, successCondition: result > 0, provider: {process: {}}}]"),
           metrics("[{name: a, successCondition: result > 0, provider: {process: {name: p, timeout: 2m}}}]"),
           metrics("[{name: a, successCondition: result > 0, provider: {job: {template: {spec: {containers: [{name: c, image: i}]}}}}}]"),
           metrics("[{name: a, successCondition: result > 0, provider: {web: {url: 'https://m', secret: p, headers: [{name: X, value: v, secretKey: k}]}}}]"),
           metrics("[{name: a, count: 2, successCondition: result > 0, provider: {gateway: {query: p50}}}]"),
           metrics("[{name: a, count: 0, successCondition: result > 0, provider: {gateway: {query: p50}}}]"),
           metrics("[{name: '', successCondition: result > 0, provider: {gateway: {query: p50}}}]"),
           troubles("[{trouble: WriteRefused}]"),
           troubles("[{trouble: ImagePull, after: soon}]"),
           troubles("[{trouble: ImagePull, after: 1m, action: Wait}]"),
           troubles("[{trouble: ImagePull, action: Ignore}]"),
           troubles("[{after: 1m}]"),
           troubles("[{trouble: ImagePull}, {trouble: ImagePull, action: Wait}]"),
           metrics("[{name: a, successCondition: result > 0, provider: {gateway: {query: p50, window: wide}}}]"),
           metrics("[{name: a, successCondition: result > 0, provider: {gateway: {query: p50}}}, {name: a, successCondition: x, provider: {gateway: {query: p50}}}]"),
       }) {
    EXPECT_TRUE(refused_by_us(bad)) << data::to_yaml(bad);
    const auto made = create(bad);
    EXPECT_FALSE(made.has_value()) << data::to_yaml(bad);
    if (!made) EXPECT_TRUE(made.error().code == base::Code::Invalid || made.error().code == base::Code::BadRequest) << made.error().message;
  }
}

}  // namespace
}  // namespace slipway::tests
