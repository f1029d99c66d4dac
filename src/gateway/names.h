// Names that this gateway goes by in objects of the API.
#pragma once

#include <string_view>

namespace slipway::gateway {

inline constexpr std::string_view kControllerName = "slipway.dev/gateway";
inline constexpr std::string_view kGroup = "gateway.networking.k8s.io";

}  // namespace slipway::gateway
