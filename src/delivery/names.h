// Names that delivery gives to things in the cluster.
#pragma once

#include <string_view>

namespace slipway::delivery {

inline constexpr std::string_view kFinalizer = "slipway.dev/release";
// A command for a Release (commands.h), handled once per id.
inline constexpr std::string_view kCommandAnnotation = "slipway.dev/command";
// On a Deployment that was left paused because its template has not been released when the Release was deleted.
inline constexpr std::string_view kLeftPausedAnnotation = "slipway.dev/left-paused";
// On a StatefulSet or DaemonSet that a Release holds: what to do instead of kubectl's own commands, and the update
// strategy that it had before, as JSON.
inline constexpr std::string_view kHeldAnnotation = "slipway.dev/held";
inline constexpr std::string_view kUpdateStrategyAnnotation = "slipway.dev/update-strategy";
// On objects that a Release made or holds; its value is the name of the Release.
inline constexpr std::string_view kReleaseLabel = "slipway.dev/release";
// On copies of ConfigMaps: the name of the user's. On ReplicaSets: which copies its template names, as JSON
// {"web-config": hash}.
inline constexpr std::string_view kConfigAnnotation = "slipway.dev/config";
// On objects of a preview in a namespace of its own: the Release's name, namespace and uid. Not kReleaseLabel, since a
// Release of that namespace may have the same name.
inline constexpr std::string_view kPreviewReleaseLabel = "slipway.dev/preview-of-release";
inline constexpr std::string_view kPreviewSpaceLabel = "slipway.dev/preview-of-namespace";
inline constexpr std::string_view kPreviewUidLabel = "slipway.dev/preview-of-uid";
// On a Namespace: whose previews may run there, "shop, till/web".
inline constexpr std::string_view kPreviewForAnnotation = "slipway.dev/preview-for";
// On pods that take a measurement; its value is the uid of the AnalysisRun.
inline constexpr std::string_view kAnalysisRunLabel = "slipway.dev/analysis-run";
// On pods of a rejected version that are kept for people to look at: the name of the Release, the number of the
// revision, and, as JSON, the labels that they had.
inline constexpr std::string_view kKeptLabel = "slipway.dev/kept-of";
inline constexpr std::string_view kKeptRevisionLabel = "slipway.dev/kept-revision";
inline constexpr std::string_view kKeptLabelsAnnotation = "slipway.dev/kept-labels";

// The field manager of what a Release writes (the name of its controller).
inline constexpr std::string_view kReleaseManager = "release";

// Kept on ReplicaSets by the Deployment controller.
inline constexpr std::string_view kRevisionAnnotation = "deployment.kubernetes.io/revision";
inline constexpr std::string_view kDesiredAnnotation = "deployment.kubernetes.io/desired-replicas";
inline constexpr std::string_view kMaxAnnotation = "deployment.kubernetes.io/max-replicas";

inline constexpr std::string_view kServiceNameLabel = "kubernetes.io/service-name";

// The controllerName of our own gateway in the status of an HTTPRoute.
inline constexpr std::string_view kGatewayController = "slipway.dev/gateway";

inline constexpr std::string_view kTrafficPort = "traffic";
inline constexpr std::string_view kGatewayMetricsPort = "metrics/gateway";
inline constexpr std::string_view kPrometheusPort = "metrics/prometheus";
inline constexpr std::string_view kWebPort = "metrics/web";
inline constexpr std::string_view kNotifyPort = "notify";
inline constexpr std::string_view kProcessPort = "metrics/process";

}  // namespace slipway::delivery
