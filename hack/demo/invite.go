package main

import "fmt"

const invitation = `  export KUBECONFIG=%[1]s
  %[2]s get zmaorders -n %[3]s -o wide -w
  %[2]s describe zmaorder -n %[3]s

  sh %[4]s 2001       # one more order; again: 200 in place of 202
  sh %[4]s 2002 %[5]d    # too many pieces for the policy: it awaits approval
  curl -s %[6]s/sim/record
  psql '%[7]s' -c 'select name, status_reason, actual_total_cents from orders'
  tail -f %[8]s

Press Ctrl-C to stop and remove everything.
`

// invite tells how to look around.
func (s *scene) invite() error {
	send, err := s.writeSendScript()
	if err != nil {
		return err
	}
	say("Everything goes on running. In another terminal:")
	fmt.Printf(invitation, s.stack.Kube.KubeconfigPath(), s.stack.Kube.Kubectl(), namespace,
		send, mostPieces+1, s.stack.ZMA.URL(), s.database, s.log)
	return nil
}
