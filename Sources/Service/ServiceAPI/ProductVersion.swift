/// The version of all three programs.
package let productVersion = "0.1.0"

/// Rises when a method or a member is added.
package let apiLevel = 2
