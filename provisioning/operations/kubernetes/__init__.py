"""The cluster's nodes on Kubernetes: a Helm chart and the recipe of a container. Pure."""
