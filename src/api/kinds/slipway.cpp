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
type ReleaseTarget | The workload that is released.
  kind - string =Deployment enum=Deployment,StatefulSet,DaemonSet | Kind of the workload.
  name - string required    | Name of the workload in the namespace of the Release.

type NamedTemplate | An AnalysisTemplate by name.
  name         - string keep | An AnalysisTemplate in the same namespace.
  clusterScope - bool        | A ClusterAnalysisTemplate of that name instead. A Release uses a name in one scope only.

type AnalysisArgument | A value for a template.
  name  - string keep | An argument of the template.
  value - string keep | Its value; replaces {{args.NAME}} in the template.

type ReleaseAnalysis | Metrics that decide.
  templates - []NamedTemplate    atomic maxItems=20 | Templates whose metrics are measured together.
  args      - []AnalysisArgument atomic maxItems=50 | Values for the arguments of the templates.

type ReleasePause | A wait.
  duration - *string | How long to wait, like 30s or 5m; absent: until a person promotes.

type RequestCondition | What a header, cookie or query parameter of a request has to be.
  name  - string keep | Its name.
  value - string keep | Its value, or an expression (RE2) for the whole value.
  type  - string =Exact enum=Exact,RegularExpression | How it is compared.

type RequestMatch | Requests; all conditions hold.
  headers     - []RequestCondition atomic maxItems=8 | Headers; the case of their names does not count.
  cookies     - []RequestCondition atomic maxItems=1 | A cookie.
  queryParams - []RequestCondition atomic maxItems=8 | Query parameters.

type ReleaseMatch | Requests that go to the candidate, whatever the weight.
  any - []RequestMatch keep atomic maxItems=16 | Each alternative is enough; an empty list takes an earlier step's away.

type ReleaseMirror | Copies of requests for the candidate.
  percent - *double | Part of the requests, at most two decimals; 0 ends it.

type ReleaseScale | Candidate pods whatever the weight; the weight may ask for more.
  replicas - *int32 min=0 | At least so many, and never more than the Deployment asks for; 0 leaves it to the weight.
  percent  - *double      | At least this part of the Deployment's.

type ReleaseStep preserve | One step; exactly one of weight, match, mirror, scale, pause and analysis.
  name     - string           | For people.
  weight   - *double          | Percent of the traffic that the candidate gets, at most two decimals; never less than before.
  match    - *ReleaseMatch    | From now on these requests go to the candidate, until everybody does.
  mirror   - *ReleaseMirror   | From now on the candidate gets copies of requests; its answers are thrown away.
  scale    - *ReleaseScale    | The candidate has at least so many pods from now on.
  pause    - *ReleasePause    | Wait for a time or for a person.
  analysis - *ReleaseAnalysis | Measure, and go on only when the metrics pass.

type RollingBatch | Pods that run the new version when the batch is done; exactly one of replicas and percent.
  name     - string           | For people.
  replicas - *int32 min=1     | So many, in all.
  percent  - *double          | This part of them, in all, at most two decimals.
  bake     - *string          | How long the guards watch before the analysis, like 5m.
  analysis - *ReleaseAnalysis | Measured then; the next batch comes only when it passes.
  approve  - bool             | Wait for a person then.

type RollingStrategy | Pods are replaced a few at a time.
  batches        - []RollingBatch atomic maxItems=100 | Where it stops to look; after the last one come all the others. Default: none.
  maxSurge       - *intOrString | Pods above the wanted number; default: the Deployment's. Not for StatefulSets and DaemonSets.
  maxUnavailable - *intOrString | Pods below the wanted number; default: the workload's own. Not for StatefulSets, which replace one at a time.
  bake           - *string      | How long the guards watch the new version before the old one is let go, like 30s; default: not at all.

type CanaryStrategy | The new version gets a growing share.
  steps          - []ReleaseStep atomic maxItems=100 | What happens, in order; after the last one the candidate gets everything.
  maxSurge       - *intOrString         | Without a route: pods above the wanted number.
  maxUnavailable - *intOrString         | Without a route: pods below the wanted number.
  dynamicStableScale - bool             | With a route: the stable version gives its pods back as the candidate gets their traffic, and has one left at 100 %; on the way back they come first. Default: it keeps all of them until the end.

type BlueGreenStrategy | The new version stands beside the old one, complete; all users change to it at once.
  previewNamespace   - string            | The new version runs first as an environment of its own in this namespace, which has to let it in (annotation slipway.dev/preview-for), and beside the stable version only for the switch.
  previewReplicas    - *int32 min=1      | Pods of the new version before the switch; default: as many as the Deployment asks for. All of them are there when the traffic moves.
  preSwitchAnalysis  - *ReleaseAnalysis  | Measured on the preview; the switch happens only when it passes.
  autoSwitch         - *string           | The traffic moves by itself so long after the preview is ready and its analysis passed, like 10m; absent: when a person promotes.
  postSwitchAnalysis - *ReleaseAnalysis  | Measured with all users on the new version; all go back when it fails.
  keepPrevious       - string =30s       | How long the old version keeps its pods after the switch, so that everybody can go back at once.

type CohortKey | What says who a user is; exactly one of header, cookie and query.
  header       - string | A header that carries the user's key.
  cookie       - string | A cookie that does.
  query        - string | A query parameter that does.
  bucketHeader - string | A header that carries the user's bucket, a whole number from 0 to 9999 without leading zeros, for routers that cannot hash the key; the lower end goes first.

type GrayCohort | A cohort, or a part of it.
  name  - string keep | A Cohort in the same namespace.
  share - *double     | Percent of its users, at most two decimals; default: all of them.

type GrayBatch | Users who get the new version from now on, beside those of earlier batches.
  name     - string                         | For people, and told to the pods in the header slipway-audience; default batch-N.
  cohorts  - []GrayCohort atomic maxItems=16 | Who they are.
  share    - *double                        | Percent of all users who have the key, at most two decimals.
  replicas - *int32 min=1                   | At least so many candidate pods; default: what the expected requests need.
  percent  - *double                        | At least this part of the Deployment's pods.
  bake     - *string                        | How long the guards watch before the analysis, like 30m.
  analysis - *ReleaseAnalysis               | Measured for these users; the next batch comes only when it passes.
  approve  - bool                           | Wait for a person then.

type GrayStrategy | Groups of users get the new version one after the other; whoever is in stays in.
  key     - *CohortKey                     | What says who a user is, for batches that let a share of all users in.
  batches - []GrayBatch atomic maxItems=32 | Who comes when; after the last one everybody.

type CohortReference | A group of users.
  name - string keep | A Cohort in the same namespace.

type PodTemplateChange | A part of a pod template, merged into the Deployment's.
  metadata - *any | Labels and annotations.
  spec     - *any | Whatever else; containers and their environment are merged by name.

type AbTestVariant | A version that is tried beside the stable one.
  name     - string keep                          | What it is called; its Service is SERVICE-NAME.
  share    - *double                              | Percent of the users who take part, at most two decimals.
  cohorts  - []CohortReference atomic maxItems=16 | Users who get it whatever their share; of several variants the first counts.
  template - *PodTemplateChange                   | What differs from the Deployment's pod template, as a strategic merge patch; one variant has none.
  replicas - *int32 min=1                         | At least so many pods; default: what its users need.
  analysis - *ReleaseAnalysis                     | Measured in the background of this version alone, beside guards.analysis.

type AbTestStrategy | Two or more versions at once; every user stays with his.
  key      - *CohortKey                           | What says who a user is, for variants with a share.
  among    - []CohortReference atomic maxItems=16 | Who takes part; default: everybody.
  variants - []AbTestVariant atomic maxItems=10   | The versions beside the stable one, which everybody else gets.
  duration - *string                              | How long it runs before a person is asked to decide, like 336h; default: until somebody does.

type ReleaseStrategy | How a new version reaches the users.
  rolling   - *RollingStrategy   | Replace pods a few at a time, watched by the guards.
  canary    - *CanaryStrategy    | Give the new version a growing part of the traffic.
  blueGreen - *BlueGreenStrategy | Put the new version beside the old one and move all the traffic at once.
  gray      - *GrayStrategy      | Give the new version to groups of users, one after the other.
  abTest    - *AbTestStrategy    | Try two or more versions at once.

type ReleaseTraffic | What carries the traffic.
  kind          - string =HTTPRoute enum=HTTPRoute,Service,VirtualService,Ingress,TraefikService,IngressRoute | Kind of the object that carries it; Service: the Service itself selects one version, without a router.
  route         - string      | Name of that object, whose references to the Service are split; not given when kind is Service.
  service       - string keep | The Service that the users' requests go to.
  stableService - string      | Name of the owned Service for the stable version; default SERVICE-stable.
  canaryService - string      | Name of the owned Service for the candidate; default SERVICE-canary; of a blue-green release SERVICE-preview.
  destinationRule - string    | Istio: split by two subsets of this DestinationRule instead of by the two Services.
  stableSubset  - string      | Name of the owned subset for the stable version; default stable.
  canarySubset  - string      | Name of the owned subset for the candidate; default canary.

type GuardAnalysis | An analysis in the background.
  ...       - ReleaseAnalysis
  fromStep  - *int32 min=0    | First step at which it runs, counted from 0.

type TroublePolicy | How long a trouble is borne; docs/troubles.md tells what they are.
  trouble - string keep enum=CrashLoop,OutOfMemory,ImagePull,ContainerConfig,Unschedulable,VolumeMount,NotReady,NotStarting,Quota,PodRefused,WebhookUnreachable,PodNotMade,ConfigMissing,RouteMissing,ServiceMissing,RouterMissing,RouteRefused,RouterSilent,ProviderUnreachable,NoData | Which.
  after   - *string | So long it may last before it breaks the guard, like 2m; 0s: not at all; default 1m.
  action  - string =Fail enum=Fail,Wait | Fail: a broken guard. Wait: it is only told, and the deadline and the other guards decide.

type ReleaseGuards | What is watched all the time.
  maxRestarts      - *int32 =3 min=0 | Restarts of all candidate containers together that are tolerated.
  maxProbeFailures - *int32 =3 min=0 | Times that candidate pods may lose their readiness.
  analysis         - *GuardAnalysis  | Measured in the background for as long as the release runs.
  troubles         - []TroublePolicy atomic maxItems=30 | What is not borne until the deadline, or is in spite of everything. Default: what only another version mends (an image that does not exist, pods that a policy refuses) is borne for 1m.

type ReleaseRollbackWindow | Which versions one goes back to without steps.
  revisions - *int32 =1 min=1 | So many of the versions that were released before the present one.

type ReleaseKeptPods | Which pods of a rejected version stay for a while. They are taken out of their ReplicaSet and lose all their labels, so that no Service, no budget and no policy knows them any more.
  count    - *int32 =1 min=1 max=10 | So many; first those that are not ready, then those that have restarted most.
  duration - string =30m            | So long they stay once the traffic is back.

type ReleaseRollback | How the way back behaves.
  verifyTimeout  - string =2m                        | How long the proof of a rollback may take.
  onFailure      - string =Rollback enum=Rollback,Pause,Freeze | What a failed analysis, a broken guard or a missed deadline leads to: everybody goes back; or the release stays where it is and waits for a person; or that, and no other version that is asked for takes it back either (for changes that cannot be undone).
  onInconclusive - string =Pause enum=Pause,Rollback | What to do when an analysis cannot tell.
  keepPods       - *ReleaseKeptPods                  | Pods of a version that was rejected stay for people to look at; needs spec.traffic. Absent: all go when the traffic is back.
  window         - *ReleaseRollbackWindow            | Going back to such a version takes no steps: first its pods, then all the traffic at once; absent: it goes like any release.

type ReleaseWindow | When releases may go forward. By the week: days, from, to and timeZone; once: start and end. Ways back never wait.
  name     - string   | For people.
  kind     - string =Allow enum=Allow,Deny | Allow: with such windows nothing goes forward outside of them; Deny: nothing goes forward inside, whatever else is allowed.
  days     - []string enum=Mon,Tue,Wed,Thu,Fri,Sat,Sun atomic maxItems=7 | Days on which it begins; default: every day.
  from     - string   | Time of the day at which it begins, like 09:00; default: all day.
  to       - string   | Time of the day at which it ends, like 17:00 or 24:00; when it is before `from`, that of the next day.
  timeZone - string   | Whose days and clocks are meant, as the IANA database names it, like Europe/Berlin; default UTC.
  start    - *string  | Beginning of a window that is there once, like 2026-12-20T00:00:00+01:00.
  end      - *string  | Its end.

type ReleaseHook | Something that is done once in each release, outside of Slipway; exactly one of web, job and process.
  name      - string keep    | What it is called, in lower case letters, digits and -.
  at        - string keep enum=BeforeRelease,BeforeStep,AfterStep,BeforePromotion,AfterRelease,OnRollback,AfterRollback | When. BeforePromotion: all users are on the candidate, and there is a way back still. OnRollback: as soon as it turns back, beside it; AfterRollback: when the users are back.
  step      - *int32 min=1   | Of BeforeStep and AfterStep: the step, counted from 1 as slipway status does.
  web       - *WebMetric     | A request; an answer of 2xx is success, unless jsonPath says where a true value is to be.
  job       - *JobMetric     | A pod that runs to its end; 0 is success.
  process   - *ProcessMetric | A program of the administrator's; a true value is success.
  timeout   - string =10m    | How long a pod may take; a request and a program have a timeout of their own.
  retries   - *int32 =0 min=0 | So many failures are tried again, 5s later.
  onFailure - string =Rollback enum=Rollback,Ignore | What its failure leads to. Rollback: as spec.rollback.onFailure says; of the way back, the verification fails. Of AfterRelease it is told, and nothing goes back.

type ReleaseConfig | What of the configuration of its pods is part of a version.
  configMaps - string =Live enum=Live,Versioned | Live: pods read the ConfigMaps that the template names. Versioned: they read copies that never change, an edit is a change that is released like an image, and a way back brings the content back. Of a Deployment.
  except     - []string atomic maxItems=100 | ConfigMaps that pods go on reading live, and that make no version.

type ReleaseSpec | How changes of a workload are released.
  target               - ReleaseTarget   required | The workload whose changes are released.
  strategy             - ReleaseStrategy required | One of rolling, canary, blueGreen, gray and abTest.
  traffic              - *ReleaseTraffic          | What carries the traffic; without it the numbers of pods are the weights.
  guards               - *ReleaseGuards ={}       | Watched in every step; a broken guard rolls back.
  deadline             - string =10m              | How long a step may wait for pods or for the router before it rolls back.
  rollback             - *ReleaseRollback ={}     | How the way back behaves.
  config               - *ReleaseConfig           | Which ConfigMaps are part of a version; absent: none.
  hooks                - []ReleaseHook atomic maxItems=20 | What is done before and after steps, and on the way back.
  windows              - []ReleaseWindow atomic maxItems=20 | When it may go forward; absent: always.
  revisionHistoryLimit - *int32 =10 min=1         | Entries kept in status.history.
  paused               - bool                     | Nothing goes on while it is true; a rollback still does.

type ReleaseCondition | One observed fact about a Release.
  type               - string keep | What the fact is about.
  status             - string keep | True, False or Unknown.
  reason             - *string     | Why, as one CamelCase word.
  message            - *string     | Why, for people.
  lastTransitionTime - *time       | When the status last changed.
  observedGeneration - *int64      | Generation of the object that this was observed for.

type ReleaseRevision | A version of the workload.
  revision     - *int64     | Number, counted by the Release.
  hash         - *string    | Label pod-template-hash of its ReplicaSet.
  templateHash - *string    | Hash of the whole pod template.
  images       - *string    | Images of its containers.
  config       - *any       | Which ConfigMaps it reads copies of, and the hash of what is in them.
  startedAt    - *microTime | When its release began.
  cause        - *string    | Why it was rolled back or replaced.
  message      - *string    | Why, for people.
  at           - *microTime | When that was.
  templateRestored - bool   | The workload was given the stable version's template; it asks for this one no more.

type ReleasePosition | How far the plan has come.
  plan       - *string    | Fingerprint of the plan that is being carried out.
  index      - *int64     | Step of the plan.
  since      - *microTime | When the step began.
  attempt    - *int64     | How often the step was tried.
  full       - *bool      | Has a person asked to skip waits, approvals and analyses?
  handedOver - *bool      | Has the Deployment taken the candidate over?
  fast       - *bool      | Does it go back within the window, without steps?
  backTo     - *int64     | A person went back to this step of the plan, and what follows waits for a person.
  measuredFrom - *microTime | What the gateway counted before is no evidence: the release began then, or a person tried again.

type ReleaseStepNumber | The step as people count.
  index - *int32 | Steps done.
  count - *int32 | Steps in all.

type ReleaseTrafficStatus | Traffic of the candidate.
  wanted          - *double    | Percent that the route asks for.
  rules           - *string    | What the route asks for beside it, opt-ins and copies, with a mark that changes when it does.
  verified        - *double    | Percent that the router was seen to give.
  routeGeneration - *int64     | Generation of the route that was read back, or what stands for it where the router's objects have none.
  verifiedAt      - *microTime | When it was read back.
  reached         - *double    | What the last finished step brought about, and what is kept until the next one.
  given           - *any       | Which part of which cohorts the last finished step has let in.
  disturbedAt     - *microTime | Since when the router does not show what was reached.
  changedByOthers - *int64     | Times that somebody else changed the route during this release.
  changedByOthersAt - *microTime | The last of them.
  stableRequests  - *int64     | Of an A/B test: requests that the router has counted for the stable version since it began.
  stableRequestsBefore - *int64 | What the router had counted for it by then.

type ReleaseSwitch | The change of all users to the candidate in a blue-green release.
  writtenAt  - *microTime | The first write of the route.
  verifiedAt - *microTime | When the router was seen to do it.
  countedAt  - *microTime | Until when the requests around it were counted.
  countedFor - *string    | Since how long before that.
  requests   - *int64     | Of both versions in that time, where the gateway counts.
  failed     - *int64     | Of them, those with an answer of 5xx.

type ReleaseRouteStatus | The router's objects, where the router does not tell what it does.
  generation - *int64     | Changes whenever they do.
  since      - *microTime | Since when they stand as they are.

type ReleaseReplicas | Pods of all versions; of an A/B test those of all variants are the candidate's.
  stable         - *int64 | Of the stable version.
  stableReady    - *int64 | Of them ready.
  candidate      - *int64 | Of the candidate.
  candidateReady - *int64 | Of them ready.

type ReleasePreview | The environment of the candidate in a namespace of its own, as long as there may be something of it.
  namespace - *string | Where it is.
  service   - *string | The Service there that reaches it.
  replicas  - *int64  | Its pods.
  ready     - *int64  | Of them ready.

type ReleaseGuardStatus | What the guards have counted.
  overruledRestarts - *int64 | Restarts that no longer count, since a person went on in spite of them.
  restarts      - *int64 | Restarts of candidate containers.
  lostReadiness - *int64 | Times that candidate pods lost their readiness.
  pods          - *int64 | Candidate pods.
  ready         - *int64 | Of them ready.

type ReleaseVariant | A version of an A/B test.
  ...      - ReleaseRevision
  name     - *string    | Its name.
  service  - *string    | Its Service.
  identity - *string    | Changes with whatever decides who gets it and what it is.
  share    - *double    | Percent of everybody's requests that the route asks for.
  replicas - *int64     | Its pods.
  ready    - *int64     | Of them ready.
  requests - *int64     | Requests that the router counted for it since the test began, where the router counts.
  requestsBefore - *int64 | Those that it had counted for its Service before.
  restarts - *int64     | Restarts of its containers.
  lostReadiness - *int64 | Times that its pods lost their readiness.
  pods     - *int64     | Pods that the guards have counted.
  podsReady - *int64    | Of them ready.
  overruledRestarts - *int64 | Restarts that no longer count, since a person went on in spite of them.
  stoppedAt - *microTime | Since when its users get the stable version; cause and message say why.

type ReleaseTrouble | What keeps the release from going on, or a version from being well.
  code    - *string    | Its code, like REL-P03.
  name    - *string    | Its name, like ImagePull.
  cure    - *string    | Time (it may pass by itself), Somebody (something beside the version has to be mended) or Version (another version is needed).
  object  - *string    | The first object that has it, like Pod web-1.
  namespace - *string  | Its namespace, where it is not that of the Release.
  version - *string    | Hash of the version whose object that is.
  message - *string    | What is wrong.
  count   - *int64     | Objects of that version that have it; absent: one.
  since   - *microTime | When it was first seen.
  overruled - *bool    | A person went on in spite of it.

type ReleaseWaiting | What it waits for before it goes forward.
  reason - *string    | Window (of the Release), PolicyWindow (of the ReleasePolicy), Stop or Place.
  window - *string    | The window that denies, or the one that opens next.
  until  - *microTime | When the window opens.

type ReleaseOverride | Who lets it go forward outside of its windows.
  by     - *string    | Who.
  reason - *string    | Why.
  at     - *microTime | When.

type ReleaseTicket | Its claim to a place among the releases that the ReleasePolicy lets go on at once.
  number - *int64     | Counted by the Release; a new one for each time it asks.
  since  - *microTime | When it first wanted to begin.

type ReleaseKeptPod | A pod of a rejected version that stays for people to look at.
  name     - *string    | The pod.
  uid      - *string    | The pod that is meant.
  revision - *int64     | Of which version it was.
  until    - *microTime | It is deleted then; absent while it is being taken aside.

type ReleaseStatus preserve | A Release as it is.
  observedGeneration - *int64                      | Generation of the object that this was observed for.
  phase        - *string                           | Pending, Invalid, Idle, Progressing, Paused, Waiting, Keeping, Promoting, RollingBack, Verifying or RolledBack.
  message      - *string                           | What it does or waits for, one sentence.
  stable       - *ReleaseRevision                  | Serves the users.
  candidate    - *ReleaseRevision                  | Is being released.
  variants     - []ReleaseVariant atomic           | The versions of an A/B test under way, the candidate among them.
  rejected     - *ReleaseRevision                  | Was rolled back; held until the template changes.
  asking       - *any                              | Where ConfigMaps are versioned: what waits to begin, and since when it has stood still.
  position     - *ReleasePosition                  | How far the plan has come.
  step         - *ReleaseStepNumber                | The step as people count.
  steps        - []string atomic                   | The steps of the release under way, or of the last one, in words.
  traffic      - *ReleaseTrafficStatus             | Traffic of the candidate.
  switch       - *ReleaseSwitch                    | Of a blue-green release: when all users changed to the candidate.
  begun        - *any                              | By which spec.traffic the release under way has begun, and goes on.
  cohorts      - *any                              | The Cohorts of the release under way, as they were when it began.
  route        - *ReleaseRouteStatus               | The router's objects, where the router does not tell what it does.
  replicas     - *ReleaseReplicas                  | Pods of all versions; of an A/B test those of all variants are the candidate's.
  preview      - *ReleasePreview                   | The environment of the candidate in a namespace of its own.
  guard        - *ReleaseGuardStatus               | What the guards have counted.
  troubles     - []ReleaseTrouble atomic           | What keeps it from going on, or its versions from being well.
  analysis     - *any                              | Numbers of the analyses of this release.
  waiting      - *ReleaseWaiting                   | What it waits for before it goes forward.
  override     - *ReleaseOverride                  | Who lets this release go forward outside of its windows.
  ticket       - *ReleaseTicket                    | Its claim to a place among the releases.
  halt         - *any                              | A failure that a person has to answer: cause, message, metric, at.
  rollback     - *any                              | A rollback under way.
  lastRollback - *any                              | The last rollback: cause, evidence, times, verification.
  keptPods     - []ReleaseKeptPod atomic           | Pods of a rejected version that stay for a while (spec.rollback.keepPods).
  command      - *any                              | The last command that was carried out.
  collisionCount - *int64                          | Name clashes of ReplicaSets.
  history      - *any                              | Past releases, newest first.
  log          - *any                              | The last decisions, newest last.
  events       - *any                              | What Notifications tell of it, newest last; each with a number that is never used again.
  conditions   - []ReleaseCondition list=map(type) | Observed facts.

kind Release releases short=rel categories=all status custom | Says how changes of a workload reach its users, watches them and takes them back.
  spec   - ReleaseSpec required | What is wanted.
  status - ReleaseStatus        | What was observed last.

type CohortAttribute | A name for something that requests say.
  name   - string keep | The name that match uses, like region.
  header - string      | The header that carries it; exactly one of header, cookie and query.
  cookie - string      | The cookie that does.
  query  - string      | The query parameter that does.

type CohortSpec | Who is in the cohort: not exceptUsers, but users, and of those who match the share.
  description - string                               | For people.
  key         - *CohortKey                           | What says who a user is; needed for lists and shares.
  attributes  - []CohortAttribute atomic maxItems=16 | What match can ask about beside header["..."], cookie["..."] and query["..."].
  match       - string maxLength=4096                | Whose requests, like: region in ["DE", "AT"] && level >= 3 && !(header["x-test"] == "1").
  users       - []string atomic maxItems=1000 maxLength=256 | Keys of users who are in as soon as any part of the cohort is.
  exceptUsers - []string atomic maxItems=1000 maxLength=256 | Keys of users who never are.
  share       - *double                              | Percent of the users who match, by the hash of their keys, at most two decimals; default: all of them.
  fallback    - string =Out enum=Out,In              | Whether requests that match and have no key are in.
  expected    - *double                              | Percent of all requests that come from those who match; how many pods a batch needs is reckoned from it.

kind Cohort cohorts custom | A group of users, to be let in by a batch of a gray release. A release keeps to it as it was when the release began.
  spec - CohortSpec required | Who is in it.

type ReleaseStop | Nothing goes forward while it is there.
  reason - string keep | Why, for everybody who waits.
  by     - string      | Who stopped.
  since  - *microTime  | When.

type ReleasePolicySpec | What holds for all Releases of the cluster.
  maxConcurrent             - *int32 min=1 | So many releases are under way at once, in the whole cluster; the others wait for their turn; default: any number.
  maxConcurrentPerNamespace - *int32 min=1 | The same, in each namespace.
  stop    - *ReleaseStop                      | Nothing goes forward anywhere; ways back still do.
  windows - []ReleaseWindow atomic maxItems=20 | When releases may go forward, beside the windows of each Release; nobody but the administrator lets one go forward outside of these.

type ReleasePlace | A release under way, or one that may begin.
  namespace - *string | Its namespace.
  name      - *string | Its name.
  uid       - *string | Its uid.
  ticket    - *int64  | The ticket of the Release that has the place.

type ReleaseQueueEntry | A release that waits for its turn.
  namespace - *string    | Its namespace.
  name      - *string    | Its name.
  place     - *int64     | Its place in the queue, from 1.
  since     - *microTime | When it wanted to begin.

type ReleasePolicyStatus preserve | How it is kept.
  observedGeneration - *int64                     | Generation of the object that this was observed for.
  places             - []ReleasePlace atomic      | The releases under way, and those that may begin.
  waiting            - *int64                     | Releases that wait for their turn.
  queue              - []ReleaseQueueEntry atomic | The first of them.

kind ReleasePolicy releasepolicies short=relpol cluster status custom | What holds for all Releases of the cluster: how many at once, when, and whether at all. There is one, named cluster.
  spec   - ReleasePolicySpec required | What is wanted.
  status - ReleasePolicyStatus        | What was observed last.

type WebHeader | A header field that is sent; its value stands here or in the Secret.
  name      - string keep | Name.
  value     - string      | Value; in an analysis with the same placeholders as the address.
  secretKey - string      | Key of `secret` whose value is sent instead.

type NotificationWebhook | Where events are sent, as CloudEvents by HTTP POST.
  url        - string maxLength=4096           | http:// or https://; this or urlKey.
  urlKey     - string maxLength=253            | Key of `secret` that holds the address, where the address is a secret itself.
  secret     - string maxLength=253            | Secret of the same namespace: the keys that urlKey, signingKey and headers name; username and password, or token; ca.crt. What of it is sent, is sent over https only.
  signingKey - string maxLength=253            | Key of `secret` with which each request is signed, as Standard Webhooks says.
  headers    - []WebHeader atomic maxItems=50  | Header fields that are sent.
  timeout    - string =10s                     | How long an answer may take; at most 1m.

type NotificationReleases | Releases of the namespace: those named, and those that the selector chooses.
  names    - []string atomic maxItems=500 minLength=1 maxLength=253 | By name.
  selector - *LabelSelector                                         | By labels.

type NotificationSpec | Who is told what.
  webhook     - NotificationWebhook required | Where events are sent.
  events      - []string enum=Started,Step,Paused,Waiting,Commanded,VariantStopped,Halted,RollingBack,Verified,VerificationFailed,RolledBack,Withdrawn,Released,Stalled,Invalid atomic maxItems=20 | What is sent; default: Started, Paused, VariantStopped, Halted, RollingBack, VerificationFailed, RolledBack, Released, Stalled and Invalid.
  releases    - *NotificationReleases        | Whose events; default: all Releases of the namespace.
  giveUpAfter - string =24h                  | How long an event is tried; at most 168h.
  paused      - bool                         | Nothing is sent while it is true; what happens meanwhile is sent later.

type NotificationPosition | How far the events of one Release have been dealt with.
  release - *string    | Its name.
  uid     - *string    | Its uid.
  event   - *int64     | Number of the last event.
  at      - *microTime | When that happened.

type NotificationStatus preserve | What has been told.
  observedGeneration - *int64                        | Generation of the object that this was observed for.
  since        - *microTime                          | What happened before is not sent.
  positions    - []NotificationPosition atomic       | The last event of each Release that was dealt with.
  dropped      - *microTime                          | Up to when everything has been dealt with of Releases that are not in that list.
  waiting      - *int64                              | Events that are not under way yet.
  delivered    - *int64                              | Events that were taken.
  givenUp      - *int64                              | Events that were given up.
  missed       - *int64                              | Events that a Release had to drop before they could be sent.
  lastDelivery - *any                                | The last event that was taken.
  lastGivenUp  - *any                                | The last one that was given up, and why.
  failing      - *any                                | The receiver does not take events: attempts, since, next, reason.
  conditions   - []ReleaseCondition list=map(type)   | Observed facts.

kind Notification notifications short=ntf status custom | Tells an address what happens to the Releases of its namespace.
  spec   - NotificationSpec required | What is wanted.
  status - NotificationStatus        | What was observed last.

type TemplateArgument | A value that a template needs.
  name  - string keep | Name.
  value - *string     | Default; without one every user of the template must give a value.

type GatewayMetric | A figure of the built-in gateway.
  query  - string keep | error-rate, p50, p95, p99, requests or rate.
  window - string =10s | How far back each measurement looks.

type PrometheusMetric | A Prometheus query.
  query              - string keep | PromQL; {{service}}, {{hash}}, {{namespace}} and {{route}} are those of the measured version.
  stableQuery        - string      | For the stable version, when it is not the same query with other placeholders.
  samplesQuery       - string      | How many events the value rests on; needed for minSamples.
  address            - string      | Base address of the Prometheus; default: the embedded one.
  secret             - string      | Secret of the same namespace for `address`: username and password, or token; ca.crt.
  window             - string      | How far back the query looks; needed to discard windows that overlap an outage.

type WebMetric | A value from an HTTP address.
  url         - string keep                    | http:// or https://; {{service}}, {{hash}}, {{namespace}} and {{route}} are those of the measured version.
  method      - string =GET enum=GET,POST      | GET or POST.
  headers     - []WebHeader atomic maxItems=50 | Header fields that are sent.
  body        - string                         | What is sent, with the same placeholders as the address.
  jsonPath    - string                         | Where the value is in the answer, like $.data.ratio; default: the whole answer. Without it and without conditions a status of 2xx passes.
  samplesPath - string                         | Where the number of events is that the value rests on; needed for minSamples.
  timeout     - string =10s                    | How long the answer may take; at most 1m.
  secret      - string                         | Secret of the same namespace: username and password, or token; ca.crt; keys that headers name. Sent over https only.
  window      - string                         | How far back the value looks; needed to discard windows that overlap an outage.

type JobMetric | A pod that runs to its end; its exit code is the verdict: 0 passes, anything else fails.
  template - *any | The pod: metadata (labels, annotations) and spec, as in a Deployment; restartPolicy is Never. {{service}}, {{hash}}, {{namespace}} and {{route}} are those of the candidate.

type ProcessMetric | A program that the administrator has given a name.
  name    - string keep  | The name, as in --metric-process NAME=/path/to/program.
  args    - {}string     | What it is told; {{service}}, {{hash}}, {{namespace}} and {{route}} are those of the measured version.
  timeout - string =10s  | How long the answer may take; at most 1m.
  window  - string       | How far back the value looks; needed to discard windows that overlap an outage.

type MetricProvider | Where a value comes from; exactly one of these.
  gateway    - *GatewayMetric    | The built-in gateway.
  prometheus - *PrometheusMetric | A Prometheus.
  web        - *WebMetric        | An HTTP address.
  job        - *JobMetric        | A pod that runs to its end.
  process    - *ProcessMetric    | A program of the administrator's.

type Metric | A value and its limits.
  name                  - string keep             | Name.
  interval              - string                  | Time between measurements.
  initialDelay          - string                  | Time before the first one.
  count                 - *int32 min=1            | Measurements that make a pass; absent: one without interval, otherwise until the end.
  minSamples            - *int64 min=0            | Fewer events than this prove nothing, and the measurement is made again.
  failureLimit          - *int32 =0 min=-1        | Failed measurements that are tolerated; -1: any number, until consecutiveSuccessLimit is reached.
  inconclusiveLimit     - *int32 =0 min=0         | Measurements without a verdict that are tolerated.
  consecutiveErrorLimit - *int32 =4 min=0         | Errors of the provider in a row that are tolerated.
  consecutiveSuccessLimit - *int32 min=0          | So many passed measurements in a row make a pass; absent or 0: count does.
  onNoData              - string =Wait enum=Wait,Inconclusive,Fail | What a measurement without data counts as. Wait: as nothing, it is made again until timeout; Inconclusive or Fail: as that. Never as a pass.
  dryRun                - bool                    | Measured and recorded, and never decides.
  timeout               - string =10m             | How long to go on without enough samples, and how long a job may take.
  successCondition      - string                  | Over result, stable, samples, stableSamples, low, high, stableLow, stableHigh, pWorse.
  failureCondition      - string                  | When it holds, the measurement failed.
  limit                 - string                  | For people: the limit that the condition checks, like "1 %".
  unit                  - string                  | For people: ratio, seconds, percent.
  provider              - MetricProvider required | Where the value comes from.

type AnalysisTemplateSpec | What is measured.
  args    - []TemplateArgument atomic | Values that users of the template give.
  metrics - []Metric           atomic maxItems=50 | Values and their limits.

kind AnalysisTemplate analysistemplates short=at custom | Metrics that decide over a release.
  spec - AnalysisTemplateSpec required | What is wanted.

kind ClusterAnalysisTemplate clusteranalysistemplates short=cat cluster custom | Metrics that decide over a release, for Releases of all namespaces. Secrets, pods and {{namespace}} are those of the Release's namespace.
  spec - AnalysisTemplateSpec required | What is wanted.

type AnalysisSubject | A version that is measured.
  service - *string | Its Service.
  hash    - *string | Its pod-template-hash.
  namespace - *string | Where it runs, where that is not the namespace of the run.

type AnalysisRunSpec | What is measured, with all values filled in.
  release   - string                    | The Release that asked.
  kind      - string                    | Step, Background, Verification or Hook.
  step      - *int32                    | Step of the Release, counted from 0.
  route     - *string                   | Route that carries the traffic.
  variant   - *string                   | Of an A/B test: the name of the version that is measured.
  audience  - *string                   | Whose requests are measured: a batch of a gray release; absent: all.
  since     - *microTime                | What the built-in gateway counted of the candidate before is left out; absent: nothing is.
  candidate - *AnalysisSubject          | The new version.
  stable    - *AnalysisSubject          | The stable version.
  args      - []AnalysisArgument atomic maxItems=50 | Values given.
  metrics   - []Metric           atomic maxItems=1000 | Values and their limits.
  terminate - bool                      | End now with what has been measured.
  ttl       - string                    | A run that belongs to no Release is deleted so long after its end, like 1h; those of a Release are kept by number.

type AnalysisRunStatus preserve | What was measured.
  phase         - *string    | Running, Successful, Failed, Inconclusive or Error.
  message       - *string    | Why, for people.
  startedAt     - *microTime | When it began.
  completedAt   - *microTime | When it ended.
  lastSeenAt    - *microTime | When the last measurement was recorded.
  metricResults - *any       | Counts and the last measurements of each metric.

kind AnalysisRun analysisruns short=ar status custom | One run of an analysis.
  spec   - AnalysisRunSpec required | What is wanted.
  status - AnalysisRunStatus        | What was observed last.
)table";

// `path` is what the CustomResourceDefinition says to servers that cannot compute.
Column text(std::string name, Value (*value)(const Value&), std::string path, int priority = 0) {
  return {.name = std::move(name),
          .priority = priority,
          .value = [value](const Value& o, base::Time) { return value(o); },
          .path = std::move(path)};
}

Column name_column() {
  Column column = text("Name", [](const Value& o) { return Value(name_of(o)); }, "");
  column.format = "name";
  return column;
}

Column age_column() {
  return {.name = "Age",
          .value =
              [](const Value& o, base::Time now) {
                const auto made = time_at(o["metadata"]["creationTimestamp"]);
                return made ? Value(base::human_duration(now - *made)) : Value("<unknown>");
              },
          .path = ".metadata.creationTimestamp"};
}

Value step_of(const Value& o) {
  const Value& step = o["status"]["step"];
  if (step.is_null() || o["status"]["candidate"].is_null()) return "";
  return std::to_string(step["index"].as_int() + 1) + "/" + std::to_string(step["count"].as_int());
}

Value percent_shown(const Value& percent) {
  if (!percent.is_number()) return "";
  std::string out = std::to_string(percent.as_double());
  out.erase(out.find_last_not_of('0') + 1);
  if (out.ends_with('.')) out.pop_back();
  return out + "%";
}

Value weight_shown(const Value& o) { return percent_shown(o["status"]["traffic"]["wanted"]); }

std::vector<Column> release_columns() {
  return {name_column(),
          text(
              "Target", [](const Value& o) { return o["spec"]["target"]["name"]; }, ".spec.target.name"),
          text(
              "Phase", [](const Value& o) { return o["status"]["phase"]; }, ".status.phase"),
          text("Step", step_of, ".status.step.index"),
          text("Weight", weight_shown, ".status.traffic.wanted"),
          age_column(),
          text("Message", [](const Value& o) { return o["status"]["message"]; }, ".status.message", 1)};
}

std::vector<Column> cohort_columns() {
  return {name_column(),
          text(
              "Match", [](const Value& o) { return o["spec"]["match"]; }, ".spec.match"),
          text(
              "Share", [](const Value& o) { return percent_shown(o["spec"]["share"]); }, ".spec.share"),
          age_column(),
          text("Description", [](const Value& o) { return o["spec"]["description"]; }, ".spec.description", 1)};
}

std::vector<Column> policy_columns() {
  return {name_column(),
          text(
              "Cap", [](const Value& o) { return o["spec"]["maxConcurrent"]; }, ".spec.maxConcurrent"),
          text(
              "Stopped", [](const Value& o) { return o["spec"]["stop"]["reason"]; }, ".spec.stop.reason"),
          text("Waiting", [](const Value& o) { return o["status"]["waiting"]; }, ".status.waiting"), age_column()};
}

std::vector<Column> notification_columns() {
  return {name_column(),
          text(
              "Delivered", [](const Value& o) { return o["status"]["delivered"]; }, ".status.delivered"),
          text(
              "Waiting", [](const Value& o) { return o["status"]["waiting"]; }, ".status.waiting"),
          text(
              "Given-Up", [](const Value& o) { return o["status"]["givenUp"]; }, ".status.givenUp"),
          age_column(),
          text("Failing", [](const Value& o) { return o["status"]["failing"]["reason"]; }, ".status.failing.reason")};
}

std::vector<Column> run_columns() {
  return {name_column(),
          text(
              "Kind", [](const Value& o) { return o["spec"]["kind"]; }, ".spec.kind"),
          text(
              "Phase", [](const Value& o) { return o["status"]["phase"]; }, ".status.phase"),
          age_column(), text("Message", [](const Value& o) { return o["status"]["message"]; }, ".status.message", 1)};
}

}  // namespace

Family slipway() {
  return {.group = "slipway.dev",
          .version = "v1alpha1",
          .package = "dev.slipway.v1alpha1",
          .table = kTable,
          .kinds = {{"Cohort", {.columns = cohort_columns(), .check = check_cohort}},
                    {"Release", {.columns = release_columns(), .check = check_release}},
                    {"Notification", {.columns = notification_columns(), .check = check_notification}},
                    {"ReleasePolicy", {.columns = policy_columns(), .check = check_release_policy}},
                    {"AnalysisTemplate", {.check = check_analysis_template}},
                    {"ClusterAnalysisTemplate", {.check = check_analysis_template}},
                    {"AnalysisRun", {.columns = run_columns(), .check = check_analysis_run}}}};
}

}  // namespace slipway::api::kinds
