// What install and uninstall share: requests about the objects of a manifest.
#pragma once

#include <functional>
#include <string>

#include "cli/commands.h"
#include "install/manifest.h"

namespace slipway::cli {

// How long controllers may take to let go, and the cluster to take things away.
inline constexpr base::Duration kLeavePatience = base::minutes(2);

// Get, Delete or Patch of an object of the manifest.
client::Request about(client::Verb verb, const data::Value& object);
// "deployments.apps slipway-system/slipway-controller"
std::string text_of(const data::Value& object);
base::Error about_object(const data::Value& object, base::Error error);  // its message names the object

bool is_ours(const data::Value& object);  // carries the label of install
bool is_definition(const data::Value& object);
install::Options options_of(const Placement& placement);

// Until `holds`, at most so long. False: it does not, or the person has enough.
bool wait(Setting& s, base::Duration limit, const std::function<bool()>& holds);

}  // namespace slipway::cli
