// Releases and analysis (slipway.dev/v1alpha1). Rules that a table cannot say: release_rules.h.
#include <string>

#include "api/kinds/family.h"
#include "api/kinds/release_rules.h"
#include "api/meta.h"

namespace slipway::api::kinds {
namespace {

using data::Value;

// Status fields carry a star throughout: what a controller wrote comes back as it was written, zeros included, so that
// a steady state is recognised and nothing is written twice.
constexpr std::string_view kTable = R"table(
type ReleaseTarget
  kind - string =Deployment | Kind of the workload; only Deployment.
  name - string required    | Name of the workload in the namespace of the Release.

type NamedTemplate
  name - string keep | An AnalysisTemplate in the same namespace.

type AnalysisArgument
  name  - string keep | An argument of the template.
  value - string keep | Its value; replaces {{args.NAME}} in the template.

type ReleaseAnalysis
  templates - []NamedTemplate    atomic | Templates whose metrics are measured together.
  args      - []AnalysisArgument atomic | Values for the arguments of the templates.

type ReleasePause
  duration - *string | How long to wait, like 30s or 5m; absent: until a person promotes.

type ReleaseStep preserve
  name     - string           | For people.
  weight   - *double          | Percent of the traffic that the candidate gets, at most two decimals; never less than before.
  pause    - *ReleasePause    | Wait for a time or for a person.
  analysis - *ReleaseAnalysis | Measure, and go on only when the metrics pass.

type RollingStrategy
  maxSurge       - *intOrString | Pods above the wanted number; default: the Deployment's.
  maxUnavailable - *intOrString | Pods below the wanted number; default: the Deployment's.

type CanaryStrategy
  steps          - []ReleaseStep atomic | What happens, in order; after the last one the candidate gets everything.
  maxSurge       - *intOrString         | Without a route: pods above the wanted number.
  maxUnavailable - *intOrString         | Without a route: pods below the wanted number.

type ReleaseStrategy
  rolling - *RollingStrategy | Replace pods a few at a time, watched by the guards.
  canary  - *CanaryStrategy  | Give the new version a growing part of the traffic.

type ReleaseTraffic
  route         - string keep | The HTTPRoute whose references to the Service are split.
  service       - string keep | The Service that the users' requests go to.
  stableService - string      | Name of the owned Service for the stable version; default SERVICE-stable.
  canaryService - string      | Name of the owned Service for the candidate; default SERVICE-canary.

type GuardAnalysis
  ...       - ReleaseAnalysis
  fromStep  - *int32 min=0 | First step at which it runs, counted from 0.

type ReleaseGuards
  maxRestarts      - *int32 =3 min=0 | Restarts of all candidate containers together that are tolerated.
  maxProbeFailures - *int32 =3 min=0 | Times that candidate pods may lose their readiness.
  analysis         - *GuardAnalysis  | Measured in the background for as long as the release runs.

type ReleaseRollback
  verifyTimeout  - string =2m    | How long the proof of a rollback may take.
  onInconclusive - string =Pause enum=Pause,Rollback | What to do when an analysis cannot tell.

type ReleaseSpec
  target               - ReleaseTarget   required | The workload whose changes are released.
  strategy             - ReleaseStrategy required | One of rolling and canary.
  traffic              - *ReleaseTraffic     | The route to split; without it the numbers of pods are the weights.
  guards               - *ReleaseGuards ={}  | Watched in every step; a broken guard rolls back.
  deadline             - string =10m         | How long a step may wait for pods or for the router before it rolls back.
  rollback             - *ReleaseRollback ={} | How the way back behaves.
  revisionHistoryLimit - *int32 =10 min=1    | Entries kept in status.history.
  paused               - bool                | Nothing goes on while it is true; a rollback still does.

type ReleaseCondition
  type               - string keep
  status             - string keep
  reason             - *string
  message            - *string
  lastTransitionTime - *time
  observedGeneration - *int64

type ReleaseRevision
  revision     - *int64
  hash         - *string    | Label pod-template-hash of its ReplicaSet.
  templateHash - *string
  images       - *string
  startedAt    - *microTime
  cause        - *string
  message      - *string
  at           - *microTime

type ReleasePosition
  plan       - *string | Fingerprint of the plan that is being carried out.
  index      - *int64
  since      - *microTime
  attempt    - *int64
  full       - *bool
  handedOver - *bool

type ReleaseStepNumber
  index - *int32
  count - *int32

type ReleaseTrafficStatus
  wanted          - *double    | Percent that the route asks for.
  verified        - *double    | Percent that the router was seen to give.
  routeGeneration - *int64
  verifiedAt      - *microTime

type ReleaseReplicas
  stable         - *int64
  stableReady    - *int64
  candidate      - *int64
  candidateReady - *int64

type ReleaseGuardStatus
  restarts      - *int64
  lostReadiness - *int64
  pods          - *int64
  ready         - *int64

type ReleaseStatus preserve
  observedGeneration - *int64
  phase        - *string              | Pending, Invalid, Idle, Progressing, Paused, Promoting, RollingBack, Verifying or RolledBack.
  message      - *string              | What it does or waits for, one sentence.
  stable       - *ReleaseRevision     | Serves the users.
  candidate    - *ReleaseRevision     | Is being released.
  rejected     - *ReleaseRevision     | Was rolled back; held until the template changes.
  position     - *ReleasePosition
  step         - *ReleaseStepNumber
  traffic      - *ReleaseTrafficStatus
  replicas     - *ReleaseReplicas
  guard        - *ReleaseGuardStatus
  analysis     - *any                 | Numbers of the analyses of this release.
  rollback     - *any                 | A rollback under way.
  lastRollback - *any                 | The last rollback: cause, evidence, times, verification.
  command      - *any                 | The last command that was carried out.
  collisionCount - *int64
  history      - *any                 | Past releases, newest first.
  log          - *any                 | The last decisions, newest last.
  conditions   - []ReleaseCondition list=map(type)

kind Release releases short=rel categories=all status custom
  spec   - ReleaseSpec required
  status - ReleaseStatus

type TemplateArgument
  name  - string keep
  value - *string | Default; without one every user of the template must give a value.

type GatewayMetric
  query  - string keep     | error-rate, p50, p95, p99, requests or rate.
  window - string =10s     | How far back each measurement looks.

type PrometheusMetric
  query              - string keep | PromQL; {{service}}, {{hash}}, {{namespace}} and {{route}} are those of the measured version.
  stableQuery        - string      | For the stable version, when it is not the same query with other placeholders.
  samplesQuery       - string      | How many events the value rests on; needed for minSamples.
  address            - string      | Base address of the Prometheus; default: the embedded one.
  window             - string      | How far back the query looks; needed to discard windows that overlap an outage.

type MetricProvider
  gateway    - *GatewayMetric
  prometheus - *PrometheusMetric

type Metric
  name                  - string keep
  interval              - string          | Time between measurements.
  initialDelay          - string          | Time before the first one.
  count                 - *int32 min=1    | Measurements that make a pass; absent: one without interval, otherwise until the end.
  minSamples            - *int64 min=0    | Fewer events than this prove nothing, and the measurement is made again.
  failureLimit          - *int32 =0 min=0 | Failed measurements that are tolerated.
  inconclusiveLimit     - *int32 =0 min=0 | Measurements without a verdict that are tolerated.
  consecutiveErrorLimit - *int32 =4 min=0 | Errors of the provider in a row that are tolerated.
  timeout               - string =10m     | How long to go on without enough samples.
  successCondition      - string | Over result, stable, samples, stableSamples, low, high, stableLow, stableHigh, pWorse.
  failureCondition      - string
  limit                 - string | For people: the limit that the condition checks, like "1 %".
  unit                  - string | For people: ratio, seconds, percent.
  provider              - MetricProvider required

type AnalysisTemplateSpec
  args    - []TemplateArgument atomic
  metrics - []Metric           atomic

kind AnalysisTemplate analysistemplates short=at custom
  spec - AnalysisTemplateSpec required

type AnalysisSubject
  service - *string
  hash    - *string

type AnalysisRunSpec
  release   - string            | The Release that asked.
  kind      - string            | Step, Background or Verification.
  step      - *int32            | Step of the Release, counted from 0.
  route     - *string
  candidate - *AnalysisSubject
  stable    - *AnalysisSubject
  args      - []AnalysisArgument atomic
  metrics   - []Metric           atomic
  terminate - bool              | End now with what has been measured.

type AnalysisRunStatus preserve
  phase         - *string    | Running, Successful, Failed, Inconclusive or Error.
  message       - *string
  startedAt     - *microTime
  completedAt   - *microTime
  lastSeenAt    - *microTime
  metricResults - *any       | Counts and the last measurements of each metric.

kind AnalysisRun analysisruns short=ar status custom
  spec   - AnalysisRunSpec required
  status - AnalysisRunStatus
)table";

Column text(std::string name, Value (*value)(const Value&), int priority = 0) {
  return {
      .name = std::move(name), .priority = priority, .value = [value](const Value& o, base::Time) { return value(o); }};
}

Column name_column() {
  Column column = text("Name", [](const Value& o) { return Value(name_of(o)); });
  column.format = "name";
  return column;
}

Column age_column() {
  return {.name = "Age", .value = [](const Value& o, base::Time now) {
            const auto made = time_at(o["metadata"]["creationTimestamp"]);
            return made ? Value(base::human_duration(now - *made)) : Value("<unknown>");
          }};
}

Value step_of(const Value& o) {
  const Value& step = o["status"]["step"];
  if (step.is_null() || o["status"]["candidate"].is_null()) return "";
  return std::to_string(step["index"].as_int() + 1) + "/" + std::to_string(step["count"].as_int());
}

Value weight_shown(const Value& o) {
  const Value& t = o["status"]["traffic"];
  if (!t["wanted"].is_number()) return "";
  std::string out = std::to_string(t["wanted"].as_double());
  out.erase(out.find_last_not_of('0') + 1);
  if (out.ends_with('.')) out.pop_back();
  return out + "%";
}

std::vector<Column> release_columns() {
  return {name_column(),
          text("Target", [](const Value& o) { return o["spec"]["target"]["name"]; }),
          text("Phase", [](const Value& o) { return o["status"]["phase"]; }),
          text("Step", step_of),
          text("Weight", weight_shown),
          age_column(),
          text("Message", [](const Value& o) { return o["status"]["message"]; }, 1)};
}

std::vector<Column> run_columns() {
  return {name_column(), text("Kind", [](const Value& o) { return o["spec"]["kind"]; }),
          text("Phase", [](const Value& o) { return o["status"]["phase"]; }), age_column(),
          text("Message", [](const Value& o) { return o["status"]["message"]; }, 1)};
}

}  // namespace

Family slipway() {
  return {.group = "slipway.dev",
          .version = "v1alpha1",
          .package = "dev.slipway.v1alpha1",
          .table = kTable,
          .kinds = {{"Release", {.columns = release_columns(), .check = check_release}},
                    {"AnalysisTemplate", {.check = check_analysis_template}},
                    {"AnalysisRun", {.columns = run_columns()}}}};
}

}  // namespace slipway::api::kinds
