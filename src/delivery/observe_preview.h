// What a decision sees of a Release's preview: the environment of the candidate in a namespace of its own (decision
// 20), and whether that namespace lets it in.
#pragma once

#include <string>
#include <string_view>

#include "control/controller.h"
#include "delivery/observation.h"

namespace slipway::delivery {

// The namespace that spec.strategy.blueGreen.previewNamespace names; empty: none.
std::string preview_space_of(const data::Value& release);

// Does this object of another namespace belong to a preview of the Release? Names of Releases are unique in their
// namespace: what a Release of this name has left behind that is gone counts as this one's.
bool is_preview_of(const data::Value& object, const data::Value& release);
// The Release whose preview the object belongs to; an empty name: it belongs to none.
control::ObjectName previewed_release(const data::Value& object);

// Why pods of this Release may not be made in the namespace, with the command that lets them in; empty: they may.
// `space`: the Namespace object, null when it is not there. Its annotation slipway.dev/preview-for lists namespaces
// ("shop"), or single Releases ("shop/web"), with commas between them.
std::string preview_refusal(const data::Value& space, const std::string& name, const data::Value& release);
// The command by which an administrator lets the previews of the Release's namespace in.
std::string preview_grant_command(const data::Value& space, const std::string& name, const data::Value& release);

// Looks at the namespaces that the spec and the status name.
void observe_previews(const control::World& world, Observation& o);

}  // namespace slipway::delivery
