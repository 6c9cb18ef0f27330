/// The version of all three programs.
package let productVersion = "0.1.0"
