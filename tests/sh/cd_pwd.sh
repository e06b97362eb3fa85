# cd, cd -, PWD, errors.
cd /; pwd; echo $PWD
cd /proc; cd /; cd -; pwd
cd; pwd
cd /nosuch || echo failed; pwd
mkdir -p /tmp/shtest.$$/a; cd /tmp/shtest.$$; cd a; basename $(pwd); cd ..; rmdir a; cd ..; rmdir shtest.$$
(cd /proc && pwd)
