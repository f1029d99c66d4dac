// What install and uninstall share: requests about the objects of a manifest.
#pragma once

#include <functional>
#include <string>
#include <vector>

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

// Of these namespaces, or of all when there are none. A kind that is not served has no objects.
base::Result<std::vector<data::Value>> list(Setting& s, const api::Resource& resource,
                                            const std::vector<std::string>& spaces, const std::string& labels = {});

// For objects of the manifest; only what carries our label is touched. False after a failure, which is told.
bool remove(Setting& s, const data::Value& object);
bool is_gone(Setting& s, const data::Value& object);
bool await_gone(Setting& s, const std::vector<data::Value>& objects);

// The gateway, if it was installed, with its leases and what it said in statuses of users' objects.
bool remove_gateway(Setting& s, const Placement& placement);

// Until `holds`, at most so long. False: it does not, or the person has enough.
bool wait(Setting& s, base::Duration limit, const std::function<bool()>& holds);

}  // namespace slipway::cli
